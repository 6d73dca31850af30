//! Processes that die in the middle: what each row of the crash matrix must come to without anybody's help.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;

use crate::app::TestApp;
use crate::paystack::{Fault, Paystack};
use crate::world::Order;

async fn until_asked(paystack: &Paystack, endpoint: &str, times: usize) {
    for _ in 0..400 {
        if paystack.asked(endpoint) >= times {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the provider was not asked to {endpoint}");
}

/// Has a process die while it waits for the provider's answer to `endpoint`, and starts another.
async fn die_while_initializing(fault: Fault) -> (TestApp, Order) {
    // Long enough to be killed in.
    let patient = [("PAYSTACK__TIMEOUT_MS", "10000")];
    let app = TestApp::start_with(&patient).await;
    let order = app.world.order();
    app.world.paystack.fail("initialize", &[fault]);
    let app = Arc::new(app);
    let asking = {
        let app = Arc::clone(&app);
        tokio::spawn(async move {
            let token = test_support::service::access_token(
                order.user,
                "customer",
                common::Clock::now(&app.world.clock),
            );
            let request = app.request(reqwest::Method::POST, "/api/v1/payments/initialize");
            let request = request
                .bearer_auth(token)
                .header("idempotency-key", "k1")
                .json(&json!({ "orderId": order.id }));
            request.send().await.is_err()
        })
    };
    until_asked(&app.world.paystack, "initialize", 1).await;
    let world = app.crash();
    assert!(asking.await.unwrap(), "nobody answered");
    (TestApp::start_in(world, &[]).await, order)
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_s4_a_question_that_did_not_arrive_is_put_again_under_the_same_name() {
    let (app, order) = die_while_initializing(Fault::Silence).await;
    // Whoever was at it may still be, for a while.
    let reply = app.initialize(order, "k2").await;
    reply.assert_error(409, "CONFLICT");
    app.world.clock.advance(TimeDelta::seconds(31));
    let reply = app.initialize(order, "k2").await;
    let data = reply.assert_success(200);
    assert!(data["reference"].as_str().unwrap().ends_with("-1"));
    assert_eq!(app.world.paystack.asked("verify"), 1);
    assert_eq!(app.count("payments").await, 1);
    // The first key belongs to the dead process for a minute.
    let reply = app.initialize(order, "k1").await;
    reply.assert_error(409, "IDEMPOTENCY_IN_PROGRESS");
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s5_an_address_that_died_with_its_process_is_lost_and_the_attempt_is_watched() {
    let (app, order) = die_while_initializing(Fault::DoneThenSilence).await;
    app.world.clock.advance(TimeDelta::seconds(31));
    let reply = app.initialize(order, "k2").await;
    let data = reply.assert_success(200);
    assert!(data["reference"].as_str().unwrap().ends_with("-2"));
    let rows = app
        .rows("SELECT is_superseded, next_check_at IS NOT NULL AS is_watched FROM payments.payments ORDER BY attempt")
        .await;
    assert_eq!(
        rows[0],
        json!({ "is_superseded": true, "is_watched": true })
    );
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_an_attempt_that_nobody_takes_up_again_comes_to_an_end() {
    let (app, _) = die_while_initializing(Fault::Silence).await;
    app.world.clock.advance(TimeDelta::minutes(21));
    let ended = "SELECT 1 AS one FROM payments.payments WHERE status = 'abandoned'";
    app.until("it ends", ended).await;
    // Nobody was told of it, so nobody is told of its end.
    assert!(app.promised("payment.failed").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn r11_s6_s7_what_was_kept_before_a_crash_is_worked_off_after_it() {
    let app = TestApp::start_with(&[("PAYSTACK__TIMEOUT_MS", "10000")]).await;
    let begun = app.begun().await;
    app.world.paystack.pay(&begun.reference);
    app.world.paystack.fail("verify", &[Fault::Silence]);
    let told = app.world.paystack.charge_success(&begun.reference);
    app.webhook(&told).await.assert_success(200);
    until_asked(&app.world.paystack, "verify", 1).await;
    let app = TestApp::start_in(app.crash(), &[]).await;
    // The provider did not get its answer and tells it again.
    app.webhook(&told).await.assert_success(200);
    app.world.clock.advance(TimeDelta::seconds(121));
    app.until_status(begun.id, "paid").await;
    app.until_worked_off().await;
    assert_eq!(app.count("webhook_events").await, 1);
    assert_eq!(app.promised("payment.succeeded").await.len(), 1);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_whose_process_dies_while_it_is_made_is_made_once() {
    for fault in [Fault::Silence, Fault::DoneThenSilence] {
        let app = TestApp::start_with(&[("PAYSTACK__TIMEOUT_MS", "10000")]).await;
        let paid = app.kept().await;
        app.world.paystack.fail("refund", &[fault]);
        let body = json!({ "reason": "x" });
        app.refund(paid.id, "k", &body).await.assert_success(202);
        until_asked(&app.world.paystack, "refund", 1).await;
        let app = TestApp::start_in(app.crash(), &[]).await;
        app.world.clock.advance(TimeDelta::seconds(301));
        app.until_refunds(paid.id, "processing", 1).await;
        assert_eq!(app.world.paystack.refunds().len(), 1);
        assert!(app.world.paystack.asked("list_refunds") >= 1);
        app.assert_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s8_s9_a_process_that_dies_under_many_payments_loses_and_doubles_none() {
    let mut app = TestApp::start().await;
    let mut all = Vec::new();
    for _ in 0..12 {
        let begun = app.begun().await;
        app.world.paystack.pay(&begun.reference);
        all.push(begun);
    }
    for round in 0..3 {
        for begun in all.iter().skip(round * 4).take(4) {
            let told = app.world.paystack.charge_success(&begun.reference);
            app.webhook(&told).await.assert_success(200);
        }
        tokio::time::sleep(Duration::from_millis(7 * u64::try_from(round).unwrap())).await;
        app = TestApp::start_in(app.crash(), &[]).await;
    }
    app.world.clock.advance(TimeDelta::seconds(121));
    for begun in &all {
        app.until_status(begun.id, "paid").await;
    }
    app.until_worked_off().await;
    assert_eq!(app.promised("payment.succeeded").await.len(), 12);
    app.assert_sound().await;
}
