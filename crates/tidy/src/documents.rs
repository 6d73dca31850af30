//! The documents point at things that exist: links and quoted paths resolve, and the decision
//! records form one unbroken series of the same shape.

use crate::Finding;
use crate::tree::Tree;

/// Where the decision records live.
const RECORDS: &str = "proto-docs/adr/";

/// What every decision record says, in this order.
const SECTIONS: [&str; 4] = ["## Context", "## Options", "## Decision", "## Consequences"];

/// Top-level folders: a quoted path that starts with one of them must exist.
const FOLDERS: [&str; 7] = [
    "crates/",
    "services/",
    "migrations/",
    "proto-docs/",
    "deploy/",
    "k8s/",
    ".github/",
];

/// Decision records that are misnumbered or lack a section.
pub fn decision_records(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (expected, name) in (1..).zip(tree.names_in(RECORDS)) {
        let expected: usize = expected;
        let path = format!("{RECORDS}{name}");
        if !name.starts_with(&format!("{expected:04}-")) {
            findings.push(Finding::new(
                &path,
                format!("should be number {expected:04}"),
            ));
        }
        let text = tree.text(&path).unwrap_or_default();
        if !text.starts_with(&format!("# {expected}. ")) {
            findings.push(Finding::new(
                &path,
                format!("should begin with `# {expected}. `"),
            ));
        }
        let mut headings = text.lines().filter(|line| line.starts_with("## "));
        for section in SECTIONS {
            if !headings.any(|line| line == section) {
                findings.push(Finding::new(
                    &path,
                    format!("lacks `{section}`, or out of order"),
                ));
            }
        }
    }
    findings
}

/// Links to files of the repository that are not there.
pub fn links(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.with_extension("md") {
        for (line, content) in prose(text) {
            for target in link_targets(content) {
                let is_elsewhere = target.contains("://") || target.starts_with("mailto:");
                let file = target.split('#').next().unwrap_or_default();
                if is_elsewhere || file.is_empty() {
                    continue;
                }
                if !resolve(path, file).is_some_and(|resolved| tree.exists(&resolved)) {
                    findings.push(dead(path, line, target));
                }
            }
        }
    }
    findings
}

/// Paths quoted in backticks that are not there. A path with a placeholder is not checked.
pub fn quoted_paths(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.with_extension("md") {
        for (line, content) in prose(text) {
            for quoted in content.split('`').skip(1).step_by(2) {
                let is_path = FOLDERS.iter().any(|folder| quoted.starts_with(folder));
                let is_pattern = quoted.contains(['<', '*', '{', '…', ' ', '$']);
                if is_path && !is_pattern && !tree.exists(quoted) {
                    findings.push(dead(path, line, quoted));
                }
            }
        }
    }
    findings
}

fn dead(path: &str, line: usize, target: &str) -> Finding {
    Finding::new(format!("{path}:{line}"), format!("`{target}` is not there"))
}

/// The numbered lines of a document outside fenced blocks.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_fence = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        in_fence ^= is_fence;
        !in_fence && !is_fence
    })
}

/// The targets of `[text](target)` in a line.
fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target)
}

/// `target` as seen from the folder of `document`; `None` if it leaves the repository.
fn resolve(document: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => _ = parts.pop()?,
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = "# 1. Start\n## Context\n## Options\n## Decision\n## Consequences\n";

    #[test]
    fn a_series_without_gaps_passes() {
        let second = RECORD.replace("# 1.", "# 2.");
        let tree = Tree::of([
            ("proto-docs/adr/0001-start.md", RECORD),
            ("proto-docs/adr/0002-next.md", second.as_str()),
        ]);
        assert_eq!(decision_records(&tree), []);
    }

    #[test]
    fn a_gap_or_a_missing_section_is_found() {
        let gap = RECORD.replace("# 1.", "# 2.");
        let tree = Tree::of([
            ("proto-docs/adr/0001-start.md", RECORD),
            ("proto-docs/adr/0003-next.md", gap.as_str()),
        ]);
        assert_eq!(decision_records(&tree).len(), 1);
        for section in SECTIONS {
            let text = RECORD.replace(section, "");
            let tree = Tree::of([("proto-docs/adr/0001-start.md", text.as_str())]);
            assert!(!decision_records(&tree).is_empty(), "without {section}");
        }
    }

    #[test]
    fn a_dead_link_is_found() {
        let tree = Tree::of([
            (
                "proto-docs/guides/a.md",
                "[x](../architecture.md) [y](../gone.md#part) [z](https://example.com/a.md)\n\
                 [here](#part) [out](../../../etc/passwd)\n```\n[example](not/checked.md)\n```\n",
            ),
            (
                "proto-docs/architecture.md",
                "[guides](guides/) [root](../README.md)",
            ),
            ("README.md", ""),
        ]);
        let places: Vec<_> = links(&tree)
            .into_iter()
            .map(|found| found.problem)
            .collect();
        assert_eq!(
            places,
            [
                "`../gone.md#part` is not there",
                "`../../../etc/passwd` is not there"
            ]
        );
    }

    #[test]
    fn a_quoted_path_that_is_gone_is_found() {
        let tree = Tree::of([
            (
                "README.md",
                "`crates/common` `crates/gone` `services/<name>/src` `cargo test`",
            ),
            ("crates/common/src/lib.rs", ""),
        ]);
        let problems: Vec<_> = quoted_paths(&tree)
            .into_iter()
            .map(|found| found.problem)
            .collect();
        assert_eq!(problems, ["`crates/gone` is not there"]);
    }
}
