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
    for service in tree.services() {
        let path = format!("services/{service}/src/config.rs");
        let Some(text) = tree.text(&path) else {
            continue;
        };
        let header = header(text);
        let listed = variables(&header, service);
        for key in keys_read(text) {
            let variable = format!(
                "{}{}",
                prefix(service),
                key.to_uppercase().replace('.', "__")
            );
            if !listed.contains(variable.as_str()) {
                findings.push(Finding::new(
                    &path,
                    format!("the header does not list {variable}"),
                ));
            }
        }
    }
    findings
}

/// Variables that a deployment sets but the service's `config.rs` does not list.
pub fn deployed(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in tree.services() {
        let config = format!("services/{service}/src/config.rs");
        let Some(text) = tree.text(&config) else {
            continue;
        };
        let header = header(text);
        let listed = variables(&header, service);
        let files = tree.folder("k8s/").chain(tree.folder("docker-compose.yml"));
        for (path, text) in files {
            for variable in variables(text, service) {
                if !listed.contains(variable) {
                    findings.push(Finding::new(path, format!("{config} lists no {variable}")));
                }
            }
        }
    }
    findings
}

fn prefix(service: &str) -> String {
    format!("{}__", service.to_uppercase().replace('-', "_"))
}

/// The `//!` lines at the top of a file.
fn header(text: &str) -> String {
    text.lines()
        .take_while(|line| line.starts_with("//!"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The variables of a service that a text names.
fn variables<'a>(text: &'a str, service: &str) -> BTreeSet<&'a str> {
    let prefix = prefix(service);
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.split(|c: char| !is_part(c))
        .filter(|word| word.len() > prefix.len() && word.starts_with(&prefix))
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
            "the header does not list AUTH__LATER"
        );
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_deployed_variable_that_nobody_reads_is_found() {
        let found = deployed(&tree_with(CONFIG, "      AUTH__LOCK__FAILUERS: \"5\"\n"));
        assert_eq!(found.first().unwrap().place, "docker-compose.yml");
        assert_eq!(found.len(), 1);
    }
}
