//! Rules over `migrations/<service>/<timestamp>_<effect>/`.

use std::collections::BTreeSet;

use crate::Finding;
use crate::tree::Tree;

/// The first migration of a service with events: the tables of `crates/messaging`.
const MESSAGING: &str = "00000000000001_messaging";

/// Where `crates/messaging` keeps the text that every service copies.
const CANONICAL: &str = "crates/messaging/migrations/00000000000001_messaging/";

/// Migrations that are misnamed, lack a half, or belong to no service.
pub fn pairs(tree: &Tree) -> Vec<Finding> {
    let services = tree.services();
    let mut findings = Vec::new();
    for service in tree.names_in("migrations/") {
        if !services.contains(service) {
            findings.push(Finding::new(
                format!("migrations/{service}"),
                "belongs to no service",
            ));
            continue;
        }
        let folder = format!("migrations/{service}/");
        for migration in migration_folders(tree, &folder) {
            findings.extend(check_migration(
                tree,
                &format!("{folder}{migration}"),
                migration,
            ));
        }
    }
    findings
}

fn migration_folders<'a>(tree: &'a Tree, folder: &'a str) -> BTreeSet<&'a str> {
    tree.folder(folder)
        .filter_map(|(path, _)| Some(path.strip_prefix(folder)?.split_once('/')?.0))
        .collect()
}

fn check_migration(tree: &Tree, path: &str, name: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !is_well_named(name) {
        findings.push(Finding::new(
            path,
            "is not `<14 digits>_<effect_in_snake_case>`",
        ));
    }
    for half in ["up.sql", "down.sql"] {
        match tree.text(&format!("{path}/{half}")) {
            None => findings.push(Finding::new(path, format!("lacks {half}"))),
            Some(text) if text.trim().is_empty() => {
                findings.push(Finding::new(
                    path,
                    format!("{half} is empty; it must truly undo"),
                ));
            }
            Some(_) => {}
        }
    }
    findings
}

fn is_well_named(name: &str) -> bool {
    name.split_once('_').is_some_and(|(timestamp, effect)| {
        // diesel drops the dashes before it compares versions.
        let digits = timestamp.replace('-', "");
        digits.len() == 14
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !effect.is_empty()
            && effect
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    })
}

/// Copies of the messaging tables that differ from the canonical ones. One relay and one inbox
/// serve every schema, so the tables must be the same everywhere.
pub fn messaging_copies(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in tree.names_in("migrations/") {
        for half in ["up.sql", "down.sql"] {
            let copy = format!("migrations/{service}/{MESSAGING}/{half}");
            let canonical = format!("{CANONICAL}{half}");
            if let (Some(copied), Some(original)) = (tree.text(&copy), tree.text(&canonical))
                && copied != original
            {
                findings.push(Finding::new(copy, format!("differs from {canonical}")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: &str = "migrations/auth/2026-01-01-000000_add_users/up.sql";
    const DOWN: &str = "migrations/auth/2026-01-01-000000_add_users/down.sql";

    #[test]
    fn a_pair_passes() {
        let tree = Tree::of([
            ("services/auth/Cargo.toml", ""),
            (UP, "CREATE TABLE users ();"),
            (DOWN, "DROP TABLE users;"),
        ]);
        assert_eq!(pairs(&tree), []);
    }

    #[test]
    fn half_a_pair_is_found() {
        let tree = Tree::of([
            ("services/auth/Cargo.toml", ""),
            (UP, "CREATE TABLE users ();"),
        ]);
        assert_eq!(pairs(&tree).len(), 1);
        let tree = Tree::of([
            ("services/auth/Cargo.toml", ""),
            (UP, "SELECT 1;"),
            (DOWN, " \n"),
        ]);
        assert_eq!(pairs(&tree).len(), 1);
    }

    #[test]
    fn a_misnamed_or_homeless_migration_is_found() {
        for path in [
            "migrations/auth/1_users",
            "migrations/auth/20260101000000_AddUsers",
        ] {
            let tree = Tree::of([
                ("services/auth/Cargo.toml", ""),
                (&format!("{path}/up.sql"), "SELECT 1;"),
                (&format!("{path}/down.sql"), "SELECT 1;"),
            ]);
            assert_eq!(pairs(&tree).len(), 1, "{path}");
        }
        let homeless = Tree::of([(UP, "SELECT 1;"), (DOWN, "SELECT 1;")]);
        assert_eq!(pairs(&homeless).len(), 1);
    }

    #[test]
    fn a_changed_copy_of_the_messaging_tables_is_found() {
        let original = format!("{CANONICAL}up.sql");
        let copy = format!("migrations/auth/{MESSAGING}/up.sql");
        let same = Tree::of([(original.as_str(), "CREATE"), (copy.as_str(), "CREATE")]);
        assert_eq!(messaging_copies(&same), []);
        let changed = Tree::of([(original.as_str(), "CREATE"), (copy.as_str(), "CREATE ")]);
        assert_eq!(messaging_copies(&changed).len(), 1);
    }
}
