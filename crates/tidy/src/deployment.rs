//! Every service that exists can be deployed and read about, under its one name.

use crate::Finding;
use crate::tree::Tree;

/// What each service needs besides its code. `{}` stands for its name.
const FILES: [(&str, &str); 3] = [
    (
        "services/{}/README.md",
        "what it owns, its endpoints, events, variables and what breaks",
    ),
    ("k8s/base/{}.yaml", "its Deployment, Service and the rest"),
    (
        "k8s/network-policies/{}.yaml",
        "who may talk to it, and to whom it may talk",
    ),
];

/// What a pod of ours always says, so that a stolen process can do little.
const HARDENING: [&str; 8] = [
    "runAsNonRoot: true",
    "readOnlyRootFilesystem: true",
    "allowPrivilegeEscalation: false",
    "drop: [ALL]",
    "type: RuntimeDefault",
    "path: /livez",
    "path: /readyz",
    "limits:",
];

/// Services that lack a file, or are missing from the compose file or a kustomization.
pub fn completeness(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in tree.services() {
        for (pattern, purpose) in FILES {
            let path = pattern.replace("{}", service);
            if !tree.exists(&path) {
                findings.push(Finding::new(path, format!("is missing: {purpose}")));
            }
        }
        let resource = format!("- {service}.yaml");
        for list in [
            "k8s/base/kustomization.yaml",
            "k8s/network-policies/kustomization.yaml",
        ] {
            if !has_line(tree, list, &resource) {
                findings.push(Finding::new(list, format!("does not list `{resource}`")));
            }
        }
        if !is_composed(tree, service) {
            findings.push(Finding::new(
                "docker-compose.yml",
                format!("has no `{service}`"),
            ));
        }
    }
    findings
}

fn has_line(tree: &Tree, path: &str, wanted: &str) -> bool {
    tree.text(path)
        .is_some_and(|text| text.lines().any(|line| line.trim() == wanted))
}

/// A service of the compose file stands two spaces in.
fn is_composed(tree: &Tree, service: &str) -> bool {
    let heading = format!("  {service}:");
    tree.text("docker-compose.yml")
        .is_some_and(|text| text.lines().any(|line| line.trim_end() == heading))
}

/// Manifests of services that leave out part of the hardening.
pub fn hardening(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in tree.services() {
        let path = format!("k8s/base/{service}.yaml");
        let Some(text) = tree.text(&path) else {
            continue;
        };
        for line in HARDENING {
            if !text
                .lines()
                .any(|found| found.trim().trim_start_matches("- ") == line)
            {
                findings.push(Finding::new(&path, format!("lacks `{line}`")));
            }
        }
    }
    findings
}

/// Workflow steps that use an action by tag or branch, which its owner can move.
pub fn pinned_actions(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.folder(".github/workflows/") {
        if !text.lines().any(|line| line == "permissions: {}") {
            findings.push(Finding::new(path, "lacks `permissions: {}` at the top"));
        }
        for (number, line) in (1..).zip(text.lines()) {
            let number: usize = number;
            let step = line.trim().trim_start_matches("- ");
            let Some(action) = step.strip_prefix("uses:") else {
                continue;
            };
            let action = action.split_whitespace().next().unwrap_or_default();
            let commit = action.rsplit_once('@').map_or("", |(_, commit)| commit);
            let is_local = action.starts_with("./");
            let is_hash = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !is_local && !is_hash {
                findings.push(Finding::new(
                    format!("{path}:{number}"),
                    format!("`{action}`: pin it by the full commit hash"),
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "resources:\n  - auth.yaml\n";

    fn complete() -> [(&'static str, &'static str); 7] {
        [
            ("services/auth/Cargo.toml", ""),
            ("services/auth/README.md", "auth"),
            ("k8s/base/auth.yaml", "kind: Deployment"),
            ("k8s/network-policies/auth.yaml", "kind: NetworkPolicy"),
            ("k8s/base/kustomization.yaml", LIST),
            ("k8s/network-policies/kustomization.yaml", LIST),
            (
                "docker-compose.yml",
                "services:\n  auth:\n    image: agape/auth\n",
            ),
        ]
    }

    #[test]
    fn a_complete_service_passes() {
        assert_eq!(completeness(&Tree::of(complete())), []);
    }

    #[test]
    fn each_missing_piece_is_found() {
        for missing in 1..complete().len() {
            let mut files = complete();
            files[missing] = ("notes.md", "");
            assert_eq!(
                completeness(&Tree::of(files)).len(),
                1,
                "without {:?}",
                complete()[missing]
            );
        }
    }

    #[test]
    fn a_soft_pod_is_found() {
        let hard = HARDENING.join("\n");
        for line in HARDENING {
            let soft = hard.replace(line, "# left out");
            let tree = Tree::of([
                ("services/auth/Cargo.toml", ""),
                ("k8s/base/auth.yaml", soft.as_str()),
            ]);
            assert_eq!(hardening(&tree).len(), 1, "without {line}");
        }
        let tree = Tree::of([
            ("services/auth/Cargo.toml", ""),
            ("k8s/base/auth.yaml", hard.as_str()),
        ]);
        assert_eq!(hardening(&tree), []);
    }

    #[test]
    fn an_action_by_tag_and_wide_permissions_are_found() {
        let hash = "11bd71901bbe5b1630ceea73d27597364c9af683";
        let good =
            format!("permissions: {{}}\njobs:\n  - uses: actions/checkout@{hash} # v4.2.2\n");
        assert_eq!(
            pinned_actions(&Tree::of([(".github/workflows/ci.yml", good.as_str())])),
            []
        );
        for bad in [
            good.replace(hash, "v4"),
            good.replace("permissions: {}", "permissions: write-all"),
        ] {
            let tree = Tree::of([(".github/workflows/ci.yml", bad.as_str())]);
            assert_eq!(pinned_actions(&tree).len(), 1, "{bad}");
        }
    }
}
