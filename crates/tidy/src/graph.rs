//! Rules over the dependency graph: who may use whom, which versions are too old, which crates and
//! licences stay out.

use std::path::Path;
use std::process::Command;

use semver::Version;
use serde::Deserialize;

use crate::{Finding, licences};

/// What `cargo metadata` says, as far as the rules need it.
#[derive(Debug, Deserialize)]
pub struct Graph {
    /// Every package of the lock file, for all platforms.
    pub packages: Vec<Package>,
}

/// One package of the graph.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// The name in its manifest.
    pub name: String,
    /// The locked version.
    pub version: Version,
    /// The licence expression, where the manifest has one.
    pub license: Option<String>,
    /// Where it was downloaded from; absent for a member of the workspace.
    pub source: Option<String>,
    /// The path of its manifest, by which a service is told from a crate.
    pub manifest_path: String,
    /// What it asks for.
    pub dependencies: Vec<Dependency>,
}

/// One line of a `[dependencies]` table.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    /// The name of the package asked for.
    pub name: String,
    /// `dev` or `build`; absent for a normal dependency.
    pub kind: Option<String>,
}

impl Graph {
    /// Asks cargo for the locked graph of the workspace at `root`. Cargo downloads manifests of
    /// other platforms' crates if they are not cached yet; it never changes the lock file.
    pub fn of_workspace(root: &Path) -> Result<Self, String> {
        let output = Command::new("cargo")
            .args(["metadata", "--format-version", "1", "--locked", "--quiet"])
            .current_dir(root)
            .output()
            .map_err(|error| format!("cannot run cargo: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
    }

    fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| package.source.is_none())
    }

    fn foreign(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| package.source.is_some())
    }
}

impl Package {
    fn is_service(&self) -> bool {
        self.manifest_path.contains("/services/")
    }

    fn is_dev_only(dependency: &Dependency) -> bool {
        dependency.kind.as_deref() == Some("dev")
    }
}

/// What each crate of ours may use of ours. A crate that is not here may use nothing of ours,
/// until someone decides where it stands.
const MAY_USE: [(&str, &[&str]); 9] = [
    ("money", &[]),
    ("common", &[]),
    ("local-stack", &[]),
    ("tidy", &[]),
    ("events", &["money"]),
    ("messaging", &["common", "events"]),
    (
        "test-support",
        &["common", "events", "local-stack", "messaging", "money"],
    ),
    ("sandbox", &["common", "money"]),
    (
        "prove",
        &[
            "common",
            "events",
            "local-stack",
            "messaging",
            "money",
            "test-support",
        ],
    ),
];

/// What a service may use of ours. Services meet in `events` or over HTTP, never as crates.
const SERVICE_MAY_USE: [&str; 4] = ["common", "events", "messaging", "money"];

/// What any member's tests may use besides.
const TESTS_MAY_USE: [&str; 2] = ["local-stack", "test-support"];

/// The command runs every service, and the prover reads every domain; nobody else sees a service.
const MAY_USE_SERVICES: [&str; 2] = ["agape", "prove"];

/// Dependencies between members that the table does not allow.
pub fn direction(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in graph.members() {
        for dependency in &member.dependencies {
            let Some(target) = graph.members().find(|other| other.name == dependency.name) else {
                continue;
            };
            if !may_use(member, target, Package::is_dev_only(dependency)) {
                findings.push(Finding::new(
                    &member.name,
                    format!(
                        "may not depend on `{}`: {}",
                        target.name,
                        reason(member, target)
                    ),
                ));
            }
        }
    }
    findings
}

fn may_use(user: &Package, target: &Package, in_tests: bool) -> bool {
    if target.is_service() {
        return MAY_USE_SERVICES.contains(&user.name.as_str());
    }
    if in_tests && TESTS_MAY_USE.contains(&target.name.as_str()) {
        return true;
    }
    if user.name == "agape" {
        return true;
    }
    let allowed = if user.is_service() {
        SERVICE_MAY_USE.as_slice()
    } else {
        MAY_USE
            .iter()
            .find(|(name, _)| *name == user.name)
            .map_or(&[][..], |(_, list)| *list)
    };
    allowed.contains(&target.name.as_str())
}

fn reason(user: &Package, target: &Package) -> &'static str {
    match (user.is_service(), target.is_service()) {
        (_, true) => "services deploy alone; meet in `events` or over HTTP",
        (true, false) => "a service uses common, money, events and messaging",
        (false, false) => "the table in `tidy::graph` gives each crate its place",
    }
}

/// The lowest versions without a known hole or a bug that we would meet, whether or not an
/// advisory database knows of it.
static FLOORS: [(&str, Version); 11] = [
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
    ("rustls", Version::new(0, 23, 0)),
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
            .packages
            .iter()
            .filter(|user| user.dependencies.iter().any(|wanted| wanted.name == "h2"))
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

    fn graph(packages: &[serde_json::Value]) -> Graph {
        serde_json::from_value(serde_json::json!({ "packages": packages })).unwrap()
    }

    fn member(folder: &str, uses: &[&str]) -> serde_json::Value {
        let name = folder.rsplit('/').next().unwrap();
        let dependencies: Vec<_> = uses
            .iter()
            .map(|line| match line.strip_prefix("dev ") {
                Some(name) => serde_json::json!({ "name": name, "kind": "dev" }),
                None => serde_json::json!({ "name": line, "kind": null }),
            })
            .collect();
        serde_json::json!({
            "name": name, "version": "0.1.0", "license": "MIT", "source": null,
            "manifest_path": format!("/repo/{folder}/Cargo.toml"), "dependencies": dependencies,
        })
    }

    fn foreign(name: &str, version: &str, uses: &[&str]) -> serde_json::Value {
        let mut package = member(name, uses);
        package["version"] = version.into();
        package["source"] = "registry+https://example.com/index".into();
        package["manifest_path"] = format!("/cache/{name}/Cargo.toml").into();
        package
    }

    fn all_of_ours(user: serde_json::Value) -> Graph {
        let mut packages = vec![
            member("crates/common", &[]),
            member("crates/money", &[]),
            member("crates/events", &["money"]),
            member("crates/messaging", &["common", "events"]),
            member("crates/test-support", &[]),
            member("services/auth", &[]),
            member("services/orders", &[]),
        ];
        packages.retain(|package| package["name"] != user["name"]);
        packages.push(user);
        graph(&packages)
    }

    #[test]
    fn allowed_dependencies_pass() {
        for user in [
            member(
                "services/auth",
                &["common", "events", "messaging", "dev test-support"],
            ),
            member("crates/agape", &["auth", "orders", "common"]),
            member(
                "crates/messaging",
                &["common", "events", "dev test-support"],
            ),
        ] {
            assert_eq!(direction(&all_of_ours(user)), []);
        }
    }

    #[test]
    fn a_dependency_against_the_direction_is_found() {
        for user in [
            member("services/auth", &["orders"]),
            member("services/auth", &["dev orders"]),
            member("services/auth", &["test-support"]),
            member("crates/common", &["events"]),
            member("crates/events", &["messaging"]),
            member("crates/money", &["common"]),
            member("crates/messaging", &["auth"]),
            member("crates/newcomer", &["common"]),
        ] {
            let described = user.to_string();
            assert_eq!(direction(&all_of_ours(user)).len(), 1, "{described}");
        }
    }

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
