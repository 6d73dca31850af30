//! Settings are written down where they are read, and deployments set no others: a process refuses
//! to start on a variable that it does not know, so a misspelt one must not get as far as a cluster.

use std::collections::BTreeSet;

use crate::Finding;
use crate::tree::Tree;

/// The methods of `common::settings::Reader` that read a value by its key.
const READERS: [&str; 13] = [
    "optional",
    "required",
    "text",
    "secret",
    "flag",
    "number",
    "millis",
    "seconds",
    "url",
    "list",
    "file",
    "secret_file",
    "parsed",
];

/// Settings that a service's `config.rs` reads but its header does not list.
pub fn documented(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for config in configs(tree) {
        for key in keys_read(config.text) {
            if !config.lists(key) {
                findings.push(Finding::new(
                    &config.path,
                    format!("the header lists no `{key}`"),
                ));
            }
        }
    }
    findings
}

/// Variables that a deployment sets but the service's `config.rs` does not list.
pub fn deployed(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for config in configs(tree) {
        for (path, text) in tree.folder("k8s/").chain(tree.folder("docker-compose.yml")) {
            for variable in variables(text, &config.prefix) {
                let key = variable
                    .replacen(&config.prefix, "", 1)
                    .to_lowercase()
                    .replace("__", ".");
                if !config.lists(&key) {
                    findings.push(Finding::new(
                        path,
                        format!("{} lists no {variable} (`{key}`)", config.path),
                    ));
                }
            }
        }
    }
    findings
}

/// The settings of one service.
struct Config<'a> {
    path: String,
    text: &'a str,
    /// What its variables begin with, `AUTH__`.
    prefix: String,
    /// What its header quotes in backticks, as keys: `lock.failures`, `rate_limit.auth`. A `*` at
    /// the end stands for a group described elsewhere, `<…>` for any one name.
    listed: BTreeSet<String>,
}

fn configs(tree: &Tree) -> Vec<Config<'_>> {
    let config = |service: &str| {
        let path = format!("services/{service}/src/config.rs");
        let text = tree.text(&path)?;
        let prefix = format!("{}__", service.to_uppercase().replace('-', "_"));
        let listed = text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .flat_map(|line| line.split('`').skip(1).step_by(2))
            .flat_map(|quoted| alternatives(&quoted.replacen(&prefix, "", 1)))
            .map(|key| key.to_lowercase().replace("__", "."))
            .collect();
        Some(Config {
            path,
            text,
            prefix,
            listed,
        })
    };
    tree.services().into_iter().filter_map(config).collect()
}

/// `a.{b,c}` is `a.b` and `a.c`.
fn alternatives(quoted: &str) -> Vec<String> {
    let parts = quoted.split_once('{').and_then(|(before, rest)| {
        let (choices, after) = rest.split_once('}')?;
        Some((before, choices, after))
    });
    match parts {
        None => vec![quoted.to_owned()],
        Some((before, choices, after)) => choices
            .split(',')
            .map(|choice| format!("{before}{}{after}", choice.trim()))
            .collect(),
    }
}

impl Config<'_> {
    fn lists(&self, key: &str) -> bool {
        self.listed
            .iter()
            .any(|pattern| match pattern.strip_suffix('*') {
                Some(group) => key.starts_with(group),
                None => same_segments(pattern, key),
            })
    }
}

fn same_segments(pattern: &str, key: &str) -> bool {
    pattern.split('.').count() == key.split('.').count()
        && pattern
            .split('.')
            .zip(key.split('.'))
            .all(|(wanted, found)| wanted == found || wanted.starts_with('<'))
}

/// The variables in a text that begin with `prefix`.
fn variables<'a>(text: &'a str, prefix: &str) -> BTreeSet<&'a str> {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.split(|c: char| !is_part(c))
        .filter(|word| word.len() > prefix.len() && word.starts_with(prefix))
        .collect()
}

/// The keys handed to a reader: the string after `.number(` and the like.
fn keys_read(text: &str) -> BTreeSet<&str> {
    let mut keys = BTreeSet::new();
    for reader in READERS {
        let call = format!(".{reader}(");
        for after in text.split(&call).skip(1) {
            let key = after
                .trim_start()
                .strip_prefix('"')
                .and_then(|rest| rest.split('"').next());
            keys.extend(key);
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "//! Settings.\n//!\n//! `AUTH__LOCK__FAILURES`: tries before the lock.\n\n\
        // AUTH__LATER is no header.\n\
        fn read(read: &mut Reader) { read.number(\n    \"lock.failures\", 5, 1, 100); }\n";

    fn tree_with<'a>(config: &'a str, compose: &'a str) -> Tree {
        Tree::of([
            ("services/auth/Cargo.toml", ""),
            ("services/auth/src/config.rs", config),
            ("docker-compose.yml", compose),
        ])
    }

    #[test]
    fn a_listed_setting_passes() {
        let tree = tree_with(CONFIG, "      AUTH__LOCK__FAILURES: \"5\"\n");
        assert_eq!(documented(&tree), []);
        assert_eq!(deployed(&tree), []);
    }

    #[test]
    fn a_setting_that_the_header_leaves_out_is_found() {
        let config =
            format!("{CONFIG}fn more(read: &mut Reader) {{ read.flag(\"later\", true); }}");
        let found = documented(&tree_with(&config, ""));
        assert_eq!(
            found.first().unwrap().problem,
            "the header lists no `later`"
        );
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_deployed_variable_that_nobody_reads_is_found() {
        let found = deployed(&tree_with(CONFIG, "      AUTH__LOCK__FAILUERS: \"5\"\n"));
        assert_eq!(found.first().unwrap().place, "docker-compose.yml");
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_header_may_group_and_shorten() {
        let config = "//! | `host`, `rate_limit.{auth, public}` | `upstreams.<service>.url` | `log.*` |\n\
            fn read(r: &mut Reader) { r.text(\"host\"); r.number(\"rate_limit.public\"); }";
        let good = "AUTH__UPSTREAMS__ORDERS__URL AUTH__LOG__LEVEL AUTH__RATE_LIMIT__AUTH";
        let tree = tree_with(config, good);
        assert_eq!(documented(&tree), []);
        assert_eq!(deployed(&tree), []);
        let bad = "AUTH__UPSTREAMS__URL AUTH__RATE_LIMIT__ADMIN AUTH__HOSTS";
        assert_eq!(deployed(&tree_with(config, bad)).len(), 3);
    }
}
