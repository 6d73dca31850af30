//! The repository as it stands obeys every rule.
#![expect(
    clippy::expect_used,
    reason = "a tree that cannot be read is a failed test"
)]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tidy::graph::Graph;
use tidy::tree::Tree;
use tidy::{
    Finding, deployment, direction, documents, layers, manifests, migrations, settings, sources,
    supply,
};

static TREE: LazyLock<Tree> = LazyLock::new(|| Tree::read(&root()).expect("a readable tree"));
static GRAPH: LazyLock<Graph> =
    LazyLock::new(|| Graph::of_workspace(&root()).expect("a locked dependency graph"));

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Fails with every finding at once, so that one run shows all there is to do.
#[track_caller]
fn assert_clean(findings: &[Finding]) {
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| format!("  {finding}"))
        .collect();
    assert!(
        lines.is_empty(),
        "{} finding(s):\n{}",
        lines.len(),
        lines.join("\n")
    );
}

macro_rules! the_repository_obeys {
    ($($name:ident: $findings:expr;)*) => {
        $(#[test] fn $name() { assert_clean(&$findings); })*
    };
}

the_repository_obeys! {
    dependencies_point_one_way: direction::check(&GRAPH);
    versions_are_above_their_floors: supply::floors(&GRAPH);
    banned_crates_stay_out: supply::banned(&GRAPH);
    licences_are_accepted: supply::licence(&GRAPH);
    crates_come_from_a_registry: supply::sources(&GRAPH);
    manifests_inherit_from_the_workspace: manifests::check(&TREE);
    dependencies_are_used: manifests::unused(&TREE);
    layers_name_what_they_may: layers::check(&TREE);
    nothing_is_unfinished: sources::unfinished(&TREE);
    no_query_is_formatted: sources::formatted_sql(&TREE);
    claims_run_once: sources::repeatable_claims(&TREE);
    no_file_is_overlong: sources::overlong(&TREE);
    migrations_come_in_pairs: migrations::pairs(&TREE);
    messaging_tables_are_one_text: migrations::messaging_copies(&TREE);
    every_service_is_deployed_and_documented: deployment::completeness(&TREE);
    every_pod_is_hardened: deployment::hardening(&TREE);
    workflow_actions_are_pinned: deployment::pinned_actions(&TREE);
    settings_are_listed: settings::documented(&TREE);
    deployments_set_known_variables: settings::deployed(&TREE);
    alerts_watch_known_metrics: deployment::known_metrics(&TREE);
    decision_records_are_numbered: documents::decision_records(&TREE);
    links_resolve: documents::links(&TREE);
    quoted_paths_exist: documents::quoted_paths(&TREE);
}

/// A rule that looks at nothing passes for ever; these are the things it must have seen.
#[test]
fn the_rules_see_the_repository() {
    assert!(
        TREE.services().contains("auth"),
        "services: {:?}",
        TREE.services()
    );
    assert!(TREE.exists("Cargo.toml") && TREE.exists(".github/workflows/ci.yml"));
    assert!(
        GRAPH
            .packages
            .iter()
            .any(|package| package.name == "actix-http")
    );
    assert!(GRAPH.packages.iter().any(|package| package.name == "tidy"));
}
