//! Every service that exists can be deployed and read about, under its one name.

use std::collections::BTreeSet;

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

/// What Prometheus itself provides.
const NOT_OURS: [&str; 1] = ["up"];

/// Alert rules about metrics that no code of ours registers: they would be silent for ever.
pub fn known_metrics(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.folder("deploy/prometheus/rules/") {
        for metric in metrics_in(text) {
            let registered = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|suffix| metric.strip_suffix(suffix))
                .unwrap_or(metric);
            let quoted = format!("\"{registered}\"");
            let is_known = NOT_OURS.contains(&metric)
                || tree.with_extension("rs").any(|(file, code)| {
                    !file.starts_with("crates/tidy/") && code.contains(&quoted)
                });
            if !is_known {
                findings.push(Finding::new(path, format!("no code registers `{metric}`")));
            }
        }
    }
    findings
}

/// The names before `{` or `[` in the expressions of a rule file. A name with a colon is a recorded
/// rule, and a template in a `summary` is no expression.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut names = BTreeSet::new();
    for line in text.lines().map(str::trim_start) {
        if line.starts_with('#') || line.starts_with("summary:") {
            continue;
        }
        for (at, _) in line.match_indices(['{', '[']) {
            let before = line.get(..at).unwrap_or_default();
            let name = before.rsplit(|c| !is_part(c)).next().unwrap_or_default();
            if !name.is_empty() && !name.contains(':') {
                names.insert(name);
            }
        }
    }
    names
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

    #[test]
    fn an_alert_on_a_metric_that_nobody_registers_is_found() {
        let rules = "- record: job:x:rate5m\n  expr: |\n    sum by (le) (rate(took_seconds_bucket[5m])) > 1\n\
            \x20   and up{job=\"a\"} == 0 and gone_total{a=\"b\"} > job:x:rate5m\n  \
            annotations:\n    summary: \"{{ $value }} of {{ $labels.x }}\"\n";
        let code = r#"HistogramOpts::new("took_seconds", "Time")"#;
        let tree = Tree::of([
            ("crates/common/src/metrics.rs", code),
            ("deploy/prometheus/rules/http.yml", rules),
        ]);
        let problems: Vec<_> = known_metrics(&tree)
            .into_iter()
            .map(|found| found.problem)
            .collect();
        assert_eq!(problems, ["no code registers `gone_total`"]);
    }
}
