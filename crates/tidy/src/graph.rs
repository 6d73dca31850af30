//! The dependency graph of the workspace, as cargo resolves it.

use std::path::Path;
use std::process::Command;

use semver::Version;
use serde::Deserialize;

/// What `cargo metadata` says, as far as the rules need it.
#[derive(Debug, Deserialize)]
pub struct Graph {
    /// Every package of the lock file, for all platforms.
    pub packages: Vec<Package>,
    /// Which package was resolved to use which; a manifest alone also names what is switched off.
    pub resolve: Resolve,
}

/// The edges of the graph.
#[derive(Debug, Deserialize)]
pub struct Resolve {
    /// One node per package.
    pub nodes: Vec<Node>,
}

/// One package of the resolved graph, with what it really uses.
#[derive(Debug, Deserialize)]
pub struct Node {
    /// The [`Package::id`] of the user.
    pub id: String,
    /// The [`Package::id`]s of the used.
    pub dependencies: Vec<String>,
}

/// One package of the graph.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// Cargo's own name for exactly this package.
    pub id: String,
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
    /// What its manifest asks for.
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

    /// The crates and services of this repository.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| package.source.is_none())
    }

    /// Everybody else's packages.
    pub fn foreign(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| package.source.is_some())
    }

    /// The packages that use `used`.
    pub fn users_of<'a>(&'a self, used: &'a Package) -> impl Iterator<Item = &'a Package> {
        self.resolve
            .nodes
            .iter()
            .filter(|node| node.dependencies.contains(&used.id))
            .filter_map(|node| self.packages.iter().find(|package| package.id == node.id))
    }
}

impl Package {
    /// Whether this is a service of ours.
    pub fn is_service(&self) -> bool {
        self.source.is_none() && self.manifest_path.contains("/services/")
    }
}

impl Dependency {
    /// Whether only tests, examples and benchmarks use it.
    pub fn is_dev(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

/// Small graphs for the tests of the rules.
#[cfg(test)]
pub(crate) mod examples {
    use super::Graph;
    use serde_json::{Value, json};

    /// A graph in which every package uses what its manifest names.
    pub(crate) fn graph(packages: &[Value]) -> Graph {
        let nodes: Vec<Value> = packages
            .iter()
            .map(|package| {
                let used = package["dependencies"].as_array().unwrap().iter();
                let ids: Vec<_> = used.map(|line| line["name"].clone()).collect();
                json!({ "id": package["id"], "dependencies": ids })
            })
            .collect();
        let graph = json!({ "packages": packages, "resolve": { "nodes": nodes } });
        serde_json::from_value(graph).unwrap()
    }

    /// A member of ours; a used name that begins with `dev ` is a development dependency.
    pub(crate) fn member(folder: &str, uses: &[&str]) -> Value {
        let name = folder.rsplit('/').next().unwrap();
        let dependencies: Vec<_> = uses
            .iter()
            .map(|line| match line.strip_prefix("dev ") {
                Some(name) => json!({ "name": name, "kind": "dev" }),
                None => json!({ "name": line, "kind": null }),
            })
            .collect();
        json!({
            "id": name, "name": name, "version": "0.1.0", "license": "MIT", "source": null,
            "manifest_path": format!("/repo/{folder}/Cargo.toml"), "dependencies": dependencies,
        })
    }

    /// Somebody else's package.
    pub(crate) fn foreign(name: &str, version: &str, uses: &[&str]) -> Value {
        let mut package = member(name, uses);
        package["version"] = version.into();
        package["source"] = "registry+https://example.com/index".into();
        package
    }
}
