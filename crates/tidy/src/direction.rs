//! Which crate of ours may use which: `money` → `events` → `messaging` → `chassis` → services, and
//! `common` → services. A service never uses another.

use crate::Finding;
use crate::graph::{Graph, Package};

/// What each crate of ours may use of ours. A crate that is not here may use nothing of ours,
/// until someone decides where it stands.
const MAY_USE: [(&str, &[&str]); 12] = [
    ("money", &[]),
    ("common", &[]),
    ("local-stack", &[]),
    ("tidy", &[]),
    ("events", &["money"]),
    ("messaging", &["common", "events"]),
    ("chassis", &["common", "messaging"]),
    ("seed-data", &["money"]),
    ("invoice-pdf", &["money"]),
    (
        "test-support",
        &["common", "events", "local-stack", "messaging", "money"],
    ),
    ("sandbox", &["common", "money", "seed-data"]),
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
const SERVICE_MAY_USE: [&str; 7] = [
    "chassis",
    "common",
    "events",
    "invoice-pdf",
    "messaging",
    "money",
    "seed-data",
];

/// What any member's tests may use besides; the sandbox is what the vendors are played by.
const TESTS_MAY_USE: [&str; 3] = ["local-stack", "sandbox", "test-support"];

/// The command runs every service, and the prover reads every domain; nobody else sees a service.
const MAY_USE_SERVICES: [&str; 2] = ["agape", "prove"];

/// Dependencies between members that the table does not allow.
pub fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in graph.members() {
        for dependency in &member.dependencies {
            let Some(target) = graph.members().find(|other| other.name == dependency.name) else {
                continue;
            };
            if !may_use(member, target, dependency.is_dev()) {
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
        (true, false) => "a service uses chassis, common, money, events, messaging and seed-data",
        (false, false) => "the table in `tidy::direction` gives each crate its place",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::examples::{graph, member};

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
            assert_eq!(check(&all_of_ours(user)), []);
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
            assert_eq!(check(&all_of_ours(user)).len(), 1, "{described}");
        }
    }
}
