//! The checker against databases that are right, and wrong in one way each.

use std::collections::BTreeSet;
use std::time::Duration;

use prove::invariants::{ALL, Finding, Journals, Patience, check, check_in_motion, check_within};
use serde_json::json;

use crate::plants::PLANTS;
use crate::world::{World, journals};

#[tokio::test]
async fn nothing_is_found_where_everything_is_right_and_whatever_is_planted_is_found() {
    let world = World::start().await;
    let mut client = world.connect().await;
    let report = check(&mut client, &journals(), Patience::default())
        .await
        .unwrap();
    assert_eq!(report.violated(), [""; 0], "{report}");
    let skipped = |finding: &Finding| matches!(finding, Finding::Skipped(_));
    assert!(
        !report.findings.iter().any(|(_, finding)| skipped(finding)),
        "{report}"
    );

    for plant in PLANTS {
        let planting = client.transaction().await.unwrap();
        // Triggers and foreign keys would refuse most of it.
        planting
            .batch_execute("SET LOCAL session_replication_role = replica")
            .await
            .unwrap();
        planting
            .batch_execute(plant.sql)
            .await
            .unwrap_or_else(|error| panic!("{}: {error:?}", plant.what));
        let mut known = journals();
        (plant.tell)(&mut known);
        let report = check_within(&planting, &known, Patience::default())
            .await
            .unwrap();
        assert_eq!(
            report.violated(),
            plant.found_by,
            "{}: {report}",
            plant.what
        );
        planting.rollback().await.unwrap();
    }

    // What is under way is no fault of a moment; what is wrong at any moment is.
    let in_motion = check_in_motion(&mut client).await.unwrap();
    assert!(in_motion.is_clean(), "{in_motion}");
    let asked: Vec<_> = in_motion.findings.iter().map(|(one, _)| one.id).collect();
    assert!(
        asked.contains(&"I11") && !asked.contains(&"I15"),
        "{asked:?}"
    );

    // A sandbox that began later knows nothing of what was before.
    for (begun, is_too_late) in [
        ("2000-01-01T00:00:00Z", false),
        ("2100-01-01T00:00:00Z", true),
    ] {
        let entries = [json!({ "seq": 1, "at": begun })];
        let said = Journals::begin_too_late(&client, &entries).await.unwrap();
        assert_eq!(said, is_too_late, "{begun}");
    }
    assert!(Journals::begin_too_late(&client, &[]).await.unwrap());

    // I33: somebody who forgot to end a transaction, or to let go of a lock.
    let forgetful = world.connect().await;
    let at_once = Patience {
        idle: Duration::ZERO,
        ..Patience::default()
    };
    for (forget, remember) in [
        ("BEGIN; SELECT 1", "ROLLBACK"),
        ("SELECT pg_advisory_lock(1)", "SELECT pg_advisory_unlock(1)"),
    ] {
        forgetful.batch_execute(forget).await.unwrap();
        let report = check(&mut client, &journals(), at_once).await.unwrap();
        assert_eq!(report.violated(), ["I33"], "{forget}: {report}");
        forgetful.batch_execute(remember).await.unwrap();
    }

    let report = check(&mut client, &Journals::default(), Patience::default())
        .await
        .unwrap();
    assert!(report.is_clean(), "{report}");
    let count = report
        .findings
        .iter()
        .filter(|(_, finding)| skipped(finding))
        .count();
    assert_eq!(count, 5, "{report}");
}

#[test]
fn a_violation_of_each_invariant_is_planted() {
    let planted = PLANTS.iter().flat_map(|plant| plant.found_by).copied();
    let planted: BTreeSet<&str> = planted.chain(["I33"]).collect();
    let all: BTreeSet<&str> = ALL.iter().map(|invariant| invariant.id).collect();
    assert_eq!(planted, all);
}
