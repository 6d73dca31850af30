//! What the provider tells and does not confirm when it is asked.

use chrono::TimeDelta;
use serde_json::json;

use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_itself_does_not_confirm_is_never_believed() {
    let app = TestApp::start().await;
    let begun = app.begun().await;
    let told = json!({ "event": "charge.success", "data": {
        "id": 5, "domain": "test", "status": "success", "reference": begun.reference, "amount": 150_000, "currency": "NGN",
    } });
    app.webhook(&told).await.assert_success(200);
    let waits = "SELECT id FROM payments.webhook_events WHERE attempts >= 3";
    app.until("it is tried again", waits).await;
    assert_eq!(app.status_of(begun.id).await, "initialized");
    app.world.clock.advance(TimeDelta::hours(1));
    app.until_worked_off().await;
    let rows = app
        .rows("SELECT status, outcome FROM payments.webhook_events")
        .await;
    assert_eq!(
        rows,
        [json!({ "status": "anomaly", "outcome": "unconfirmed" })]
    );
    assert_eq!(app.open_attention().await, ["unconfirmed"]);
    assert_eq!(app.promised("payment.succeeded").await.len(), 0);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_an_attempt_that_nobody_watches_any_more_has_it_watched_again() {
    let app = TestApp::start().await;
    let begun = app.begun().await;
    let told = app.world.paystack.charge_success(&begun.reference);
    app.world.clock.advance(TimeDelta::minutes(21));
    app.until_status(begun.id, "abandoned").await;
    app.world.clock.advance(TimeDelta::hours(73));
    let let_go = "SELECT 1 AS one FROM payments.payments WHERE next_check_at IS NULL";
    app.until("it is let go", let_go).await;
    app.webhook(&told).await.assert_success(200);
    let waits =
        "SELECT id FROM payments.webhook_events WHERE attempts >= 1 AND last_error IS NOT NULL";
    app.until("it waits", waits).await;
    app.world.clock.advance(TimeDelta::hours(1));
    app.until_worked_off().await;
    assert_eq!(app.open_attention().await, ["unconfirmed"]);
    // Much later, and well within three days of that, the provider says so itself.
    app.world.clock.advance(TimeDelta::hours(48));
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    let watched =
        "SELECT 1 AS one FROM payments.payments WHERE checks = 1 AND next_check_at IS NOT NULL";
    assert_eq!(app.rows(watched).await.len(), 1);
    app.world.paystack.pay(&begun.reference);
    app.world.clock.advance(TimeDelta::hours(2));
    app.until_status(begun.id, "paid").await;
    assert!(app.open_attention().await.is_empty());
    app.assert_sound().await;
}
