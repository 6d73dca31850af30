//! Rules over the manifests: versions and lints stand in the workspace manifest, once, a package is
//! called like its folder, and it asks for nothing that it does not use.

use toml::{Table, Value};

use crate::Finding;
use crate::code::{lines_naming, without_comments_and_literals};
use crate::tree::Tree;

/// The tables of a manifest in which a version could hide.
const DEPENDENCY_TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Fields that every member takes from the workspace.
const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

/// Applies the manifest rules to every member of the workspace.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.files()
        .filter_map(|(path, text)| Some((path, member_name(path)?, text)))
        .flat_map(|(path, name, text)| match text.parse::<Table>() {
            Ok(manifest) => check_member(path, name, &manifest),
            Err(error) => vec![Finding::new(path, error.to_string())],
        })
        .collect()
}

/// The folder name of a member, from the path of its manifest.
fn member_name(path: &str) -> Option<&str> {
    let inside = path
        .strip_prefix("crates/")
        .or_else(|| path.strip_prefix("services/"))?;
    let (name, rest) = inside.split_once('/')?;
    (rest == "Cargo.toml").then_some(name)
}

/// Crates that a member may ask for without naming them, each with the reason.
const USED_UNNAMED: [(&str, &str); 0] = [];

/// Dependencies whose name stands nowhere in the code of the member that asks for them.
pub fn unused(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| member_name(path).is_some()) {
        let folder = path.trim_end_matches("Cargo.toml");
        let code: String = tree
            .folder(folder)
            .filter(|(file, _)| file.ends_with(".rs"))
            .map(|(_, source)| without_comments_and_literals(source))
            .collect();
        // A manifest that cannot be read is a finding of `check`.
        let manifest = text.parse::<Table>().unwrap_or_default();
        for table in DEPENDENCY_TABLES {
            let lines = manifest.get(table).and_then(Value::as_table);
            for (dependency, _) in lines.into_iter().flatten() {
                let name = dependency.replace('-', "_");
                let is_excused = USED_UNNAMED
                    .iter()
                    .any(|(excused, _)| excused == dependency);
                if !is_excused && lines_naming(&code, &name).is_empty() {
                    findings.push(Finding::new(path, format!("`{dependency}` is not used")));
                }
            }
        }
    }
    findings
}

fn check_member(path: &str, name: &str, manifest: &Table) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !inherits(manifest.get("lints")) {
        findings.push(Finding::new(path, "lacks `[lints] workspace = true`"));
    }
    let package = manifest.get("package");
    if package
        .and_then(|package| package.get("name"))
        .and_then(Value::as_str)
        != Some(name)
    {
        findings.push(Finding::new(
            path,
            format!("one name everywhere: call it `{name}`"),
        ));
    }
    for field in INHERITED {
        if !inherits(package.and_then(|package| package.get(field))) {
            findings.push(Finding::new(
                path,
                format!("lacks `{field}.workspace = true`"),
            ));
        }
    }
    for table in DEPENDENCY_TABLES {
        let lines = manifest.get(table).and_then(Value::as_table);
        for (dependency, line) in lines.into_iter().flatten() {
            if !inherits(Some(line)) {
                findings.push(Finding::new(
                    path,
                    format!("`{dependency}`: versions stand in the workspace manifest only"),
                ));
            }
        }
    }
    findings
}

fn inherits(value: Option<&Value>) -> bool {
    value
        .and_then(|value| value.get("workspace"))
        .and_then(Value::as_bool)
        == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [package]
        name = "auth"
        version.workspace = true
        edition.workspace = true
        rust-version.workspace = true
        license.workspace = true
        publish.workspace = true
        [lints]
        workspace = true
        [dependencies]
        serde.workspace = true
        tokio = { workspace = true, features = ["net"] }
    "#;

    fn findings_in(manifest: &str) -> Vec<Finding> {
        check(&Tree::of([("services/auth/Cargo.toml", manifest)]))
    }

    #[test]
    fn a_member_that_inherits_everything_passes() {
        assert_eq!(findings_in(GOOD), []);
    }

    #[test]
    fn each_departure_is_found() {
        for (good, bad) in [
            ("[lints]\n        workspace = true", ""),
            ("name = \"auth\"", "name = \"authentication\""),
            ("edition.workspace = true", "edition = \"2024\""),
            ("serde.workspace = true", "serde = \"1\""),
            ("tokio = { workspace = true", "tokio = { version = \"1\""),
            (
                "[dependencies]\n        serde",
                "[dev-dependencies]\n        hex = \"0.4\"\n        serde",
            ),
        ] {
            let manifest = GOOD.replace(good, bad);
            assert_ne!(manifest, GOOD, "the example still has {good:?}");
            assert_eq!(
                findings_in(&manifest).len(),
                1,
                "{bad:?}: {:?}",
                findings_in(&manifest)
            );
        }
    }

    #[test]
    fn an_unreadable_manifest_is_found() {
        assert_eq!(findings_in("[package").len(), 1);
    }

    #[test]
    fn a_dependency_that_no_code_names_is_found() {
        let manifest = "[dependencies]\nserde.workspace = true\n\
            [dev-dependencies]\ntest-support.workspace = true\nhex.workspace = true\n";
        let tree = Tree::of([
            ("crates/x/Cargo.toml", manifest),
            ("crates/x/src/lib.rs", "use serde::Serialize; // hex"),
            ("crates/x/tests/it/main.rs", "use test_support::TestApp;"),
            ("crates/y/src/lib.rs", "use hex::encode;"),
        ]);
        let problems: Vec<_> = unused(&tree)
            .into_iter()
            .map(|found| found.problem)
            .collect();
        assert_eq!(problems, ["`hex` is not used"]);
    }
}
