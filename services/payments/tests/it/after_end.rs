//! What banks undo after a refund had ended.

use chrono::TimeDelta;
use serde_json::json;

use crate::app::TestApp;
use crate::shop::Begun;

/// The provider says of a refund how it stands, and tells so.
async fn becomes(app: &TestApp, refund: u64, status: &str) {
    app.world.paystack.set_refund(refund, status);
    tell(app, refund, &format!("refund.{status}")).await;
}

async fn tell(app: &TestApp, refund: u64, event: &str) {
    let told = app.world.paystack.refund_event(refund, event);
    app.webhook(&told).await.assert_success(200);
}

/// What was booked about refunds, in order.
async fn booked(app: &TestApp) -> Vec<String> {
    let rows = app
        .rows(
            "SELECT kind FROM payments.ledger_transactions WHERE refund_id IS NOT NULL ORDER BY id",
        )
        .await;
    let kinds = rows.iter().map(|row| row["kind"].as_str().unwrap());
    kinds.map(str::to_owned).collect()
}

/// Some of a kept payment is with the provider on its way back; answers the provider's number.
async fn going_back(app: &TestApp) -> (Begun, u64) {
    let paid = app.kept().await;
    let body = json!({ "reason": "x", "amount": 500 });
    app.refund(paid.id, "a", &body).await.assert_success(202);
    app.until_refunds(paid.id, "processing", 1).await;
    let made = app.world.paystack.refunds()[0].id;
    (paid, made)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_from_the_buyer_is_the_shops_again_and_people_decide() {
    let app = TestApp::start().await;
    let (paid, made) = going_back(&app).await;
    becomes(&app, made, "processed").await;
    app.until_status(paid.id, "partially_refunded").await;
    becomes(&app, made, "failed").await;
    app.until_refunds(paid.id, "failed", 1).await;
    assert_eq!(
        booked(&app).await,
        ["refund_requested", "refund_processed", "refund_returned"]
    );
    assert_eq!(app.open_attention().await, ["refund_returned"]);
    assert_eq!(app.promised("refund.failed").await.len(), 1);
    assert_eq!(app.status_of(paid.id).await, "partially_refunded");
    app.assert_sound().await;
    // All of it may go back again.
    let all = json!({ "reason": "y", "amount": 1_500 });
    app.refund(paid.id, "b", &all).await.assert_success(202);
    app.until_refunds(paid.id, "processing", 1).await;
    app.world.paystack.finish_refunds_but(made);
    app.until_status(paid.id, "refunded").await;
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_of_a_capture_that_nobody_keeps_is_in_suspense_and_stays_there() {
    let app = TestApp::start().await;
    let paid = app.paid().await;
    app.refuse(&paid, ::events::orders::UnwantedCapture::Closed)
        .await
        .unwrap();
    app.until_refunds(paid.id, "processing", 1).await;
    let made = app.world.paystack.refunds()[0].id;
    becomes(&app, made, "processed").await;
    app.until_status(paid.id, "refunded").await;
    becomes(&app, made, "failed").await;
    app.until_refunds(paid.id, "failed", 1).await;
    app.assert_sound().await;
    app.world.clock.advance(TimeDelta::hours(48));
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    assert_eq!(app.count("refunds").await, 1);
    assert_eq!(app.open_attention().await, ["refund_returned"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reaches_the_buyer_after_it_had_failed_is_in_the_books() {
    let app = TestApp::start().await;
    let (paid, made) = going_back(&app).await;
    becomes(&app, made, "failed").await;
    app.until_refunds(paid.id, "failed", 1).await;
    becomes(&app, made, "processed").await;
    app.until_refunds(paid.id, "processed", 1).await;
    let mut expected = vec!["refund_requested", "refund_failed", "refund_reinstated"];
    assert_eq!(booked(&app).await, expected);
    assert_eq!(app.promised("refund.processed").await.len(), 1);
    assert_eq!(app.status_of(paid.id).await, "partially_refunded");
    assert!(app.open_attention().await.is_empty());
    app.assert_sound().await;
    // However often that is undone.
    for (status, event, kind) in [
        ("failed", "refund.pending", "refund_returned"),
        ("processed", "refund.processing", "refund_reinstated"),
        ("failed", "refund.needs-attention", "refund_returned"),
    ] {
        app.world.paystack.set_refund(made, status);
        tell(&app, made, event).await;
        app.until_refunds(paid.id, status, 1).await;
        expected.push(kind);
        assert_eq!(booked(&app).await, expected);
        let comes_back = kind == "refund_returned";
        let open = app.open_attention().await;
        assert_eq!(open.contains(&"refund_returned".to_owned()), comes_back);
    }
    let owed = "SELECT account FROM payments.ledger_entries WHERE account IN ('refunds', 'refunds_payable')
                GROUP BY account HAVING sum(amount) <> 0";
    assert!(app.rows(owed).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_before_an_order_kept_the_payment_and_arrives_then_is_the_orders() {
    let app = TestApp::start().await;
    let paid = app.paid().await;
    let made = app
        .world
        .paystack
        .refund_at_the_desk(&paid.reference, 30_000);
    becomes(&app, made, "failed").await;
    app.until_refunds(paid.id, "failed", 1).await;
    app.keep(&paid).await.unwrap();
    becomes(&app, made, "processed").await;
    app.until_status(paid.id, "partially_refunded").await;
    app.assert_sound().await;
}
