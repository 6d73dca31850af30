//! Runs survive crashes, and are written by one process at a time.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::Value;

use super::{QUIET, plant};
use crate::app::TestApp;
use crate::paystack::Fault;

async fn steps(app: &TestApp) -> Vec<Value> {
    app.rows("SELECT phase, position, steps FROM payments.reconciliation_runs")
        .await
}

async fn until_asked(app: &TestApp, endpoint: &str, times: usize) {
    for _ in 0..400 {
        if app.world.paystack.asked(endpoint) >= times {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{endpoint} was not asked {times} times");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_where_a_process_died_in_the_middle_of_a_page() {
    let app = TestApp::start_with(&QUIET).await;
    let mut expected = plant::repairable(&app).await.expected;
    app.world.paystack.sell_elsewhere("ELSEWHERE-1");
    expected.push(("missing-local".to_owned(), None, "open".to_owned()));
    expected.sort();
    app.world.paystack.page(2);
    app.world.clock.advance(TimeDelta::hours(1));
    let pages = [Fault::Well, Fault::Well, Fault::Silence];
    app.world.paystack.fail("list_transactions", &pages);
    let run = app.begin_run(app.today()).await;
    until_asked(&app, "list_transactions", 3).await;
    let before = steps(&app).await;
    assert_eq!(before[0]["steps"], 2, "{before:?}");
    assert!(before[0]["position"].is_string(), "{before:?}");
    let next = TestApp::start_in(app.crash(), &QUIET).await;
    next.until_phase(run, "done").await;
    let questions = next.world.paystack.questions("list_transactions");
    let from_the_start = questions.iter().filter(|path| !path.contains("next="));
    assert_eq!(from_the_start.count(), 1, "{questions:?}");
    assert_eq!(next.found(run).await, expected);
    next.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_taken_for_dead_writes_nothing() {
    let app = TestApp::start_with(&QUIET).await;
    app.kept().await;
    app.world
        .paystack
        .fail("list_transactions", &[Fault::Silence]);
    app.world.clock.advance(TimeDelta::hours(1));
    let run = app.begin_run(app.today()).await;
    until_asked(&app, "list_transactions", 1).await;
    app.execute(
        "UPDATE payments.leases SET holder = gen_random_uuid(), epoch = epoch + 1, held_until = now() + interval '1 hour'
         WHERE name = 'reconciliation'",
    )
    .await;
    // Its question came to nothing, and it would go on; and after the lease it would try to lead again.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let steps = steps(&app).await;
    assert_eq!(steps[0]["steps"], 0, "{steps:?}");
    app.execute("UPDATE payments.leases SET held_until = now() WHERE name = 'reconciliation'")
        .await;
    app.until_phase(run, "done").await;
    assert!(app.found(run).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_provider_is_away_a_run_waits() {
    let app = TestApp::start_with(&QUIET).await;
    app.kept().await;
    let away = [Fault::Html, Fault::RateLimited, Fault::HangUp];
    app.world.paystack.fail("list_transactions", &away);
    app.world.paystack.fail("list_all_refunds", &away);
    let run = app.reconcile().await;
    assert!(app.found(run).await.is_empty());
    assert_eq!(app.world.paystack.asked("list_transactions"), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_carry_one_run_on_together() {
    let app = TestApp::start_with(&QUIET).await;
    let expected = plant::repairable(&app).await.expected;
    app.world.paystack.page(2);
    let _other = TestApp::start_in(Arc::clone(&app.world), &QUIET).await;
    let run = app.reconcile().await;
    assert_eq!(app.found(run).await, expected);
    let promised = app.promised("reconciliation.completed").await;
    assert_eq!(promised.len(), 1);
    app.assert_sound().await;
}
