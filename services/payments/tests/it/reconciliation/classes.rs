//! Every class is found exactly once, nothing else is, and what can be put right is.

use std::collections::BTreeSet;

use super::{QUIET, plant};
use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn every_class_is_found_once_and_nothing_else_is() {
    let app = TestApp::start_with(&QUIET).await;
    app.world.paystack.page(4);
    plant::as_it_should_be(&app).await;
    let mut expected = plant::for_people(&app).await.expected;
    expected.extend(plant::repairable(&app).await.expected);
    expected.sort();
    let classes: BTreeSet<&str> = expected.iter().map(|one| one.0.as_str()).collect();
    assert_eq!(classes.len(), 12);
    let run = app.reconcile().await;
    assert_eq!(app.found(run).await, expected);
    let people = expected.iter().filter(|one| one.2 == "open").count();
    let asked = app.open_attention().await;
    let asked = asked.iter().filter(|kind| *kind == "reconciliation");
    assert_eq!(asked.count(), people);
    // Nothing is left of what the provider said.
    assert_eq!(app.count("reconciliation_transactions").await, 0);
    assert_eq!(app.count("reconciliation_refunds").await, 0);
    // What was put right stays so; what people were asked about they are asked about once.
    let again = app.reconcile().await;
    expected.retain(|one| one.2 == "open");
    assert_eq!(app.found(again).await, expected);
    let open = app.open_attention().await;
    let open = open.iter().filter(|kind| *kind == "reconciliation");
    assert_eq!(open.count(), people);
    let earlier = app.found(run).await;
    assert!(earlier.iter().all(|one| one.2 != "open"), "{earlier:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_right_is_right_in_the_books() {
    let app = TestApp::start_with(&QUIET).await;
    let planted = plant::repairable(&app).await;
    let run = app.reconcile().await;
    assert_eq!(app.found(run).await, planted.expected);
    app.assert_sound().await;
    let fees = app
        .rows("SELECT (sum(e.amount) * 100)::bigint AS minor FROM payments.ledger_entries e
               JOIN payments.ledger_transactions t ON t.id = e.transaction_id WHERE t.kind = 'fees' AND e.account = 'fees'")
        .await;
    assert_eq!(fees[0]["minor"], 2_250);
    let clean = app.reconcile().await;
    assert!(app.found(clean).await.is_empty());
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_after_it_was_listed_is_no_mismatch() {
    let app = TestApp::start_with(&QUIET).await;
    let (soon, never) = (app.begun().await, app.begun().await);
    let stuck = [const { crate::paystack::Fault::Error500 }; 200];
    app.world.paystack.fail("list_all_refunds", &stuck);
    app.world.clock.advance(chrono::TimeDelta::hours(1));
    let run = app.begin_run(app.today()).await;
    app.until_phase(run, "refunds").await;
    app.world.paystack.pay(&soon.reference);
    let told = app.world.paystack.charge_success(&soon.reference);
    app.webhook(&told).await.assert_success(200);
    app.until_status(soon.id, "paid").await;
    app.world.paystack.behave();
    app.until_phase(run, "done").await;
    assert!(app.found(run).await.is_empty());
    assert_eq!(app.status_of(never.id).await, "initialized");
}
