//! Asking the provider how a payment stands, by whomever.

use chrono::TimeDelta;
use common::Clock as _;
use reqwest::Method;
use serde_json::json;
use test_support::service::Ask as _;

use crate::app::TestApp;
use crate::paystack::Fault;
use crate::shop::Begun;

async fn verify(app: &TestApp, begun: &Begun) -> String {
    // What was asked a moment ago is not asked again.
    app.world.clock.advance(TimeDelta::seconds(2));
    let path = format!("/payments/verify/{}", begun.reference);
    let reply = app.get_as(begun.order.user, "customer", &path).await;
    let payment = &reply.assert_success(200)["payment"];
    payment["status"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_asks_by_reference_or_id_and_sees_what_the_provider_says() {
    let app = TestApp::start().await;
    let begun = app.begun().await;
    assert_eq!(verify(&app, &begun).await, "initialized");
    app.world.paystack.pay(&begun.reference);
    app.world.clock.advance(TimeDelta::seconds(2));
    let path = format!("/payments/{}/verify", begun.id);
    let reply = app
        .ask_as(begun.order.user, "customer", Method::POST, &path)
        .reply()
        .await;
    let payment = &reply.assert_success(200)["payment"];
    assert_eq!(payment["status"], "paid");
    assert_eq!(payment["gateway"], "paystack");
    assert_eq!(payment["channel"], "card");
    assert_eq!(payment["fees"], 15.0);
    assert_eq!(payment["settledAt"], json!(null));
    assert_eq!(payment["paidAt"], "2026-01-13T10:31:00Z");
    let text = reply.body.to_string();
    for secret in ["AUTH_secret", "4081", "ada@example.com", "customer"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    // What is paid is not asked about again.
    let asked = app.world.paystack.asked("verify");
    assert_eq!(verify(&app, &begun).await, "paid");
    assert_eq!(app.world.paystack.asked("verify"), asked);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_9_a_payment_is_found_within_two_minutes_though_no_webhook_ever_comes() {
    let app = TestApp::start().await;
    let begun = app.begun().await;
    app.world.clock.advance(TimeDelta::seconds(90));
    let looked = "SELECT 1 AS one FROM payments.payments WHERE checks = 1";
    app.until("it is looked at", looked).await;
    app.world.paystack.pay(&begun.reference);
    app.world.clock.advance(TimeDelta::seconds(60));
    app.until_status(begun.id, "paid").await;
    assert_eq!(app.promised("payment.succeeded").await.len(), 1);
    assert_eq!(app.count("webhook_events").await, 0);
    let next = "SELECT 1 AS one FROM payments.payments WHERE next_check_at IS NULL";
    app.until("it is not looked at any more", next).await;
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_10_what_failed_may_be_paid_later_and_what_is_paid_never_fails() {
    let app = TestApp::start().await;
    let begun = app.begun().await;
    app.world.paystack.set_status(&begun.reference, "failed");
    assert_eq!(verify(&app, &begun).await, "failed");
    assert_eq!(verify(&app, &begun).await, "failed");
    let said = app.promised("payment.failed").await;
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["data"]["outcome"], "failed");
    app.world.paystack.pay(&begun.reference);
    app.world.clock.advance(TimeDelta::seconds(61));
    app.until_status(begun.id, "paid").await;
    for status in [
        "failed",
        "abandoned",
        "ongoing",
        "reversed",
        "reversal-pending",
        "odd",
    ] {
        app.world.paystack.set_status(&begun.reference, status);
        assert_eq!(verify(&app, &begun).await, "paid");
    }
    let told = app.world.paystack.charge_success(&begun.reference);
    app.webhook(&told).await.assert_success(200);
    app.until_worked_off().await;
    assert_eq!(app.status_of(begun.id).await, "paid");
    assert_eq!(app.promised("payment.succeeded").await.len(), 1);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_takes_time_is_said_once_with_its_channel() {
    let app = TestApp::start().await;
    let begun = app.begun().await;
    app.world.paystack.change(&begun.reference, |one| {
        one.channel = "bank_transfer".to_owned();
    });
    for status in ["ongoing", "pending", "processing", "queued", "brand-new"] {
        app.world.paystack.set_status(&begun.reference, status);
        assert_eq!(verify(&app, &begun).await, "pending");
    }
    let said = app.promised("payment.pending").await;
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["data"]["channel"], "bank_transfer");
    // For as long as the provider says so it is not given up.
    app.world.clock.advance(TimeDelta::hours(2));
    assert_eq!(verify(&app, &begun).await, "pending");
    app.world.paystack.pay(&begun.reference);
    assert_eq!(verify(&app, &begun).await, "paid");
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn abandoned_is_no_failure_while_the_order_may_be_paid() {
    let app = TestApp::start().await;
    let begun = app.begun().await;
    app.world.clock.advance(TimeDelta::minutes(14));
    assert_eq!(verify(&app, &begun).await, "initialized");
    // A look that is under way while the clock jumps would put the next one off from there.
    let in_a_minute = app.world.clock.now() + TimeDelta::minutes(1);
    let looked = format!(
        "SELECT id FROM payments.payments WHERE id = '{}' AND next_check_at > '{in_a_minute}'",
        begun.id
    );
    app.until("it is looked at", &looked).await;
    app.world.clock.advance(TimeDelta::minutes(7));
    app.until_status(begun.id, "abandoned").await;
    let said = app.promised("payment.failed").await;
    assert_eq!(said[0]["data"]["outcome"], "abandoned");
    // It is watched for three days, and then no more.
    app.world.paystack.pay(&begun.reference);
    app.world.clock.advance(TimeDelta::hours(70));
    app.until_status(begun.id, "paid").await;
    let other = app.begun().await;
    app.world.clock.advance(TimeDelta::minutes(21));
    app.until_status(other.id, "abandoned").await;
    app.world.clock.advance(TimeDelta::hours(73));
    let sql = format!(
        "SELECT id FROM payments.payments WHERE id = '{}' AND next_check_at IS NULL",
        other.id
    );
    app.until("it is let go", &sql).await;
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_about_something_else_changes_nothing_and_is_seen() {
    let app = TestApp::start().await;
    let begun = app.begun().await;
    app.world.paystack.pay(&begun.reference);
    app.world
        .paystack
        .change(&begun.reference, |one| one.domain = "live".to_owned());
    assert_eq!(verify(&app, &begun).await, "initialized");
    let told = app.world.paystack.charge_success(&begun.reference);
    app.webhook(&told).await.assert_success(200);
    app.until_worked_off().await;
    let open = app
        .rows("SELECT kind, facts->>'why' AS why FROM payments.attention_items")
        .await;
    assert_eq!(open.len(), 1);
    assert_eq!(open[0]["kind"], "alien_answer");
    assert_eq!(app.promised("payment.succeeded").await.len(), 0);
    app.world
        .paystack
        .change(&begun.reference, |one| one.domain = "test".to_owned());
    assert_eq!(verify(&app, &begun).await, "paid");
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_again_and_again_causes_one_question() {
    let app = TestApp::start().await;
    let begun = app.begun().await;
    for _ in 0..10 {
        let path = format!("/payments/verify/{}", begun.reference);
        let reply = app.get_as(begun.order.user, "customer", &path).await;
        reply.assert_success(200);
        let path = format!("/api/v1/payments/callback?reference={}", begun.reference);
        let reply = app.request(Method::GET, &path).reply().await;
        assert_eq!(reply.status, 200);
    }
    assert_eq!(app.world.paystack.asked("verify"), 1);
    assert_eq!(verify(&app, &begun).await, "initialized");
    assert_eq!(app.world.paystack.asked("verify"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_away_is_said_and_nothing_changes() {
    let app = TestApp::start().await;
    let begun = app.begun().await;
    for fault in [
        Fault::Error500,
        Fault::Html,
        Fault::Silence,
        Fault::HangUp,
        Fault::StatusFalse,
        Fault::RateLimited,
    ] {
        app.world.paystack.fail("verify", &[fault]);
        app.world.clock.advance(TimeDelta::seconds(2));
        let path = format!("/payments/verify/{}", begun.reference);
        let reply = app.get_as(begun.order.user, "customer", &path).await;
        reply.assert_error(503, "EXTERNAL_SERVICE_ERROR");
        assert_ne!(reply.header("retry-after"), "");
    }
    assert_eq!(app.status_of(begun.id).await, "initialized");
    let lines = app.metrics().await;
    assert!(lines.contains("payment_gateway_duration_seconds_count{call=\"verify\""));
}
