//! Rules over everybody else's crates: the version floors, the bans, the licences, the sources.

use semver::Version;

use crate::graph::{Graph, Package};
use crate::{Finding, licences};

/// The lowest versions without a known hole or a bug that we would meet, whether or not an
/// advisory database knows of it.
static FLOORS: [(&str, Version); 10] = [
    // Older ones let a request with both `Content-Length` and `Transfer-Encoding` through.
    ("actix-http", Version::new(3, 13, 3)),
    // Older ones skip `exp` and `nbf` when the claim has the wrong JSON type.
    ("jsonwebtoken", Version::new(10, 3, 0)),
    ("diesel", Version::new(2, 3, 10)),
    // Older ones return a connection to the pool with a transaction still open.
    ("diesel-async", Version::new(0, 9, 0)),
    ("tokio-postgres", Version::new(0, 7, 18)),
    ("postgres-protocol", Version::new(0, 6, 12)),
    ("h2", Version::new(0, 4, 16)),
    ("time", Version::new(0, 3, 47)),
    ("bytes", Version::new(1, 11, 1)),
    ("lettre", Version::new(0, 11, 22)),
];

/// Only these may bring in h2 0.3, which has no fixed release: they compile it in but every
/// listener and client of ours speaks HTTP/1.1 only, and a test holds them to that.
const MAY_BRING_OLD_H2: [&str; 2] = ["actix-http", "awc"];

/// Locked packages below their floor.
pub fn floors(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in graph.foreign() {
        let Some((_, floor)) = FLOORS.iter().find(|(name, _)| *name == package.name) else {
            continue;
        };
        if package.version < *floor && !is_excused(graph, package) {
            findings.push(Finding::new(
                &package.name,
                format!("locked at {}, but {floor} is the floor", package.version),
            ));
        }
    }
    findings
}

fn is_excused(graph: &Graph, package: &Package) -> bool {
    let is_old_h2 =
        package.name == "h2" && package.version.major == 0 && package.version.minor == 3;
    is_old_h2
        && graph
            .users_of(package)
            .all(|user| MAY_BRING_OLD_H2.contains(&user.name.as_str()))
}

/// Crates that stay out, and why.
const BANNED: [(&str, &str); 5] = [
    (
        "rsa",
        "its timing leak has no fix; RS256 is signed with ring",
    ),
    (
        "openssl-sys",
        "TLS is rustls with ring, so an image needs no system library",
    ),
    ("native-tls", "TLS is rustls with ring"),
    ("aws-lc-sys", "one crypto library is enough, and it is ring"),
    (
        "pq-sys",
        "the database client is pure Rust, so an image needs no libpq",
    ),
];

/// Banned crates in the graph.
pub fn banned(graph: &Graph) -> Vec<Finding> {
    graph
        .foreign()
        .filter_map(|package| {
            let (_, why) = BANNED.iter().find(|(name, _)| *name == package.name)?;
            Some(Finding::new(&package.name, format!("is banned: {why}")))
        })
        .collect()
}

/// Packages whose licence is missing or not accepted.
pub fn licence(graph: &Graph) -> Vec<Finding> {
    graph
        .packages
        .iter()
        .filter_map(|package| match package.license.as_deref() {
            None => Some(Finding::new(&package.name, "states no licence")),
            Some(expression) if licences::is_accepted(expression) => None,
            Some(expression) => Some(Finding::new(
                &package.name,
                format!("`{expression}` is not accepted"),
            )),
        })
        .collect()
}

/// Packages that come from anywhere but a registry: a branch of a repository can change under us.
pub fn sources(graph: &Graph) -> Vec<Finding> {
    graph
        .foreign()
        .filter_map(|package| {
            let source = package.source.as_deref().unwrap_or_default();
            let is_registry = source.starts_with("registry+") || source.starts_with("sparse+");
            (!is_registry)
                .then(|| Finding::new(&package.name, format!("comes from `{source}`, no registry")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::examples::{foreign, graph};

    #[test]
    fn a_version_below_its_floor_is_found() {
        for (name, version) in [
            ("actix-http", "3.13.2"),
            ("jsonwebtoken", "9.3.1"),
            ("tokio-postgres", "0.7.17"),
            ("h2", "0.4.15"),
        ] {
            assert_eq!(
                floors(&graph(&[foreign(name, version, &[])])).len(),
                1,
                "{name}"
            );
        }
        assert_eq!(
            floors(&graph(&[foreign("jsonwebtoken", "11.1.0", &[])])),
            []
        );
    }

    #[test]
    fn old_h2_is_excused_only_behind_actix() {
        let old = || foreign("h2", "0.3.27", &[]);
        assert_eq!(
            floors(&graph(&[old(), foreign("awc", "3.11.0", &["h2"])])),
            []
        );
        let with_hyper = [old(), foreign("hyper", "0.14.1", &["h2"])];
        assert_eq!(floors(&graph(&with_hyper)).len(), 1);
    }

    #[test]
    fn a_banned_crate_is_found() {
        for (name, _) in BANNED {
            assert_eq!(
                banned(&graph(&[foreign(name, "1.0.0", &[])])).len(),
                1,
                "{name}"
            );
        }
        assert_eq!(banned(&graph(&[foreign("ring", "0.17.14", &[])])), []);
    }

    #[test]
    fn a_missing_or_foreign_licence_is_found() {
        let mut copyleft = foreign("libre", "1.0.0", &[]);
        copyleft["license"] = "GPL-3.0-only".into();
        let mut silent = foreign("silent", "1.0.0", &[]);
        silent["license"] = serde_json::Value::Null;
        let found = licence(&graph(&[copyleft, silent, foreign("fine", "1.0.0", &[])]));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_git_dependency_is_found() {
        let mut package = foreign("branchy", "1.0.0", &[]);
        package["source"] = "git+https://example.com/branchy?branch=main".into();
        assert_eq!(
            sources(&graph(&[package, foreign("fine", "1.0.0", &[])])).len(),
            1
        );
    }
}
