//! Rules over the manifests: versions and lints stand in the workspace manifest, once, and a
//! package is called like its folder.

use toml::{Table, Value};

use crate::Finding;
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
}
