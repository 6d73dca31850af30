//! What orders and auth say.

use ::events::auth::EraseRequested;
use ::events::orders::UnwantedCapture;
use common::ids;
use messaging::{ConsumeError, Outcome};
use payments::consumers::on_order_paid::on_order_paid;
use payments::consumers::on_privacy_erase_requested::on_privacy_erase_requested;
use serde_json::json;
use test_support::service::singly;

use crate::app::TestApp;
use crate::shop::order_paid;

#[tokio::test(flavor = "multi_thread")]
async fn an_order_keeps_one_payment_once() {
    let app = TestApp::start().await;
    let paid = app.paid().await;
    let id = ids::new_id();
    let event = || order_paid(paid.order, Some(paid.id));
    let first = app.hear(event(), id, singly(on_order_paid)).await;
    assert_eq!(first.unwrap(), Outcome::Applied);
    let again = app.hear(event(), id, singly(on_order_paid)).await;
    assert_eq!(again.unwrap(), Outcome::Duplicate);
    let other = app
        .hear(event(), ids::new_id(), singly(on_order_paid))
        .await;
    assert_eq!(other.unwrap(), Outcome::Stale);
    let kept = app
        .rows("SELECT kept, refund_due_at FROM payments.payments")
        .await;
    assert_eq!(kept, [json!({ "kept": true, "refund_due_at": null })]);
    let sales = app
        .rows("SELECT (sum(amount) * 100)::bigint AS minor FROM payments.ledger_entries WHERE account = 'sales'")
        .await;
    assert_eq!(sales[0]["minor"], -150_000);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_that_are_kept_together_are_booked_each() {
    let app = TestApp::start().await;
    let (one, other) = (app.paid().await, app.paid().await);
    let kept = app.kept().await;
    let events = [&one, &kept, &other].map(|paid| order_paid(paid.order, Some(paid.id)));
    let heard = app.hear_together(&events, on_order_paid).await;
    let (news, known) = (Outcome::Applied, Outcome::Stale);
    assert_eq!(heard.unwrap(), [news, known, news]);
    let sql = "SELECT payment_id FROM payments.ledger_transactions WHERE kind = 'keep'";
    assert_eq!(app.rows(sql).await.len(), 3);
    assert_eq!(
        app.promised("audit.recorded")
            .await
            .iter()
            .filter(|said| said["data"]["action"] == "payment.kept")
            .count(),
        3
    );
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_names_an_unpaid_payment_or_one_order_twice_keeps_nothing() {
    let app = TestApp::start().await;
    let (paid, begun) = (app.paid().await, app.begun().await);
    let both = [&paid, &begun].map(|one| order_paid(one.order, Some(one.id)));
    let heard = app.hear_together(&both, on_order_paid).await;
    assert!(matches!(heard, Err(ConsumeError::Transient(_))));
    let twice = [&paid, &paid].map(|one| order_paid(one.order, Some(one.id)));
    let heard = app.hear_together(&twice, on_order_paid).await;
    assert!(matches!(heard, Err(ConsumeError::Transient(_))));
    let sql = "SELECT 1 AS one FROM payments.payments WHERE kept";
    assert!(app.rows(sql).await.is_empty());
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_cost_nothing_keeps_nothing_and_an_unpaid_payment_is_not_kept() {
    let app = TestApp::start().await;
    let free = app.world.order();
    let heard = app
        .hear(order_paid(free, None), ids::new_id(), singly(on_order_paid))
        .await;
    assert_eq!(heard.unwrap(), Outcome::Stale);
    let unknown = app
        .hear(
            order_paid(free, Some(ids::new_id())),
            ids::new_id(),
            singly(on_order_paid),
        )
        .await;
    assert!(matches!(unknown, Err(ConsumeError::Transient(_))));
    let begun = app.begun().await;
    assert!(matches!(
        app.keep(&begun).await,
        Err(ConsumeError::Transient(_))
    ));
    let refused = app.refuse(&begun, UnwantedCapture::Cancelled).await;
    assert!(matches!(refused, Err(ConsumeError::Transient(_))));
    let kept = app
        .rows("SELECT 1 AS one FROM payments.payments WHERE kept")
        .await;
    assert!(kept.is_empty());
    assert_eq!(app.count("refunds").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_payment_of_an_order_is_never_kept_beside_the_first() {
    let app = TestApp::start().await;
    let first = app.paid().await;
    app.world
        .change_due(first.order.id, "isPayable", json!(true));
    app.execute(&format!(
        "UPDATE payments.payments SET created_at = created_at - interval '1 hour' WHERE id = '{}'",
        first.id
    ))
    .await;
    // Another attempt that was begun before the first was paid.
    let second = app.paid().await;
    app.execute(&format!(
        "UPDATE payments.payments SET order_id = '{}', attempt = 2 WHERE id = '{}'",
        first.order.id, second.id
    ))
    .await;
    app.keep(&first).await.unwrap();
    let mut same_order = second.clone();
    same_order.order = first.order;
    assert_eq!(app.keep(&same_order).await.unwrap(), Outcome::Stale);
    let open = app.rows("SELECT kind FROM payments.attention_items").await;
    assert_eq!(open, [json!({ "kind": "kept_twice" })]);
    app.refuse(&same_order, UnwantedCapture::AlreadyPaid)
        .await
        .unwrap();
    app.until_refunds(second.id, "processing", 1).await;
    app.world.paystack.finish_refunds();
    app.until_status(second.id, "refunded").await;
    assert_eq!(app.status_of(first.id).await, "paid");
    // That all of it went back does not explain how it could be kept twice.
    assert_eq!(app.open_attention().await, ["kept_twice"]);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_4_a_late_payment_that_orders_cannot_use_goes_back_whole() {
    let app = TestApp::start().await;
    for why in [
        UnwantedCapture::Cancelled,
        UnwantedCapture::AlreadyPaid,
        UnwantedCapture::Closed,
    ] {
        let paid = app.paid().await;
        assert_eq!(app.refuse(&paid, why).await.unwrap(), Outcome::Applied);
        app.until_refunds(paid.id, "processing", 1).await;
    }
    app.world.paystack.finish_refunds();
    let back = "SELECT status FROM payments.payments GROUP BY status HAVING count(*) = 3 AND status = 'refunded'";
    app.until("all went back", back).await;
    let left = app
        .rows("SELECT account FROM payments.ledger_entries WHERE account <> 'fees' AND account <> 'gateway_clearing'
               GROUP BY account HAVING sum(amount) <> 0")
        .await;
    assert!(left.is_empty(), "{left:?}");
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_back_before_an_order_kept_the_payment_is_the_orders_then() {
    let app = TestApp::start().await;
    let paid = app.paid().await;
    let made = app
        .world
        .paystack
        .refund_at_the_desk(&paid.reference, 30_000);
    let told = app.world.paystack.refund_event(made, "refund.pending");
    app.webhook(&told).await.assert_success(200);
    app.until_refunds(paid.id, "processing", 1).await;
    app.assert_sound().await;
    app.keep(&paid).await.unwrap();
    app.assert_sound().await;
    app.world.paystack.set_refund(made, "failed");
    let told = app.world.paystack.refund_event(made, "refund.failed");
    app.webhook(&told).await.assert_success(200);
    app.until_refunds(paid.id, "failed", 1).await;
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_told_what_is_known_and_then_forgotten() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    let user = paid.order.user;
    let known = async || {
        let path = format!("/internal/privacy/{user}");
        let reply = app.ask_as_service("auth", &path).await;
        reply.assert_success(200)["payments"].clone()
    };
    assert_eq!(known().await[0]["reference"], paid.reference.as_str());
    let asked = ids::new_id();
    let erase = || EraseRequested {
        request_id: asked,
        user_id: user,
    };
    let id = ids::new_id();
    let first = app.hear(erase(), id, on_privacy_erase_requested).await;
    assert_eq!(first.unwrap(), Outcome::Applied);
    let again = app.hear(erase(), id, on_privacy_erase_requested).await;
    assert_eq!(again.unwrap(), Outcome::Duplicate);
    assert_eq!(known().await, json!([]));
    let bodies = app
        .rows("SELECT 1 AS one FROM payments.webhook_events WHERE body_ct IS NOT NULL")
        .await;
    assert!(bodies.is_empty(), "what the provider told of them is gone");
    let said = app.promised("privacy.erased").await;
    assert_eq!(said[0]["data"]["requestId"], json!(asked));
    let path = format!("/internal/payments/by-order/{}", paid.order.id);
    let orders = app.ask_as_service("orders", &path).await;
    assert_eq!(orders.assert_success(200)["payments"][0]["status"], "paid");
    // What was paid can still go back.
    let body = json!({ "reason": "x" });
    app.refund(paid.id, "k", &body).await.assert_success(202);
    app.until_refunds(paid.id, "processing", 1).await;
    // What the provider tells of them from now on is not kept either.
    let made = app.world.paystack.refunds()[0].id;
    let told = app.world.paystack.refund_event(made, "refund.processing");
    app.webhook(&told).await.assert_success(200);
    app.until_worked_off().await;
    let bodies = "SELECT 1 AS one FROM payments.webhook_events WHERE body_ct IS NOT NULL";
    assert!(app.rows(bodies).await.is_empty());
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_order_keeps_does_not_go_back_by_itself() {
    let app = TestApp::start().await;
    let paid = app.paid().await;
    app.refuse(&paid, UnwantedCapture::Closed).await.unwrap();
    app.until_refunds(paid.id, "processing", 1).await;
    app.keep(&paid).await.unwrap();
    let made = app.world.paystack.refunds()[0].id;
    app.world.paystack.set_refund(made, "failed");
    let told = app.world.paystack.refund_event(made, "refund.failed");
    app.webhook(&told).await.assert_success(200);
    app.until_refunds(paid.id, "failed", 1).await;
    let due = "SELECT 1 AS one FROM payments.payments WHERE refund_due_at IS NOT NULL";
    assert!(app.rows(due).await.is_empty());
    assert_eq!(app.open_attention().await, ["refund_failed"]);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_paid_back_now_is_put_off() {
    let app = TestApp::start().await;
    // Nothing is paid that could go back.
    let begun = app.begun().await;
    app.execute("UPDATE payments.payments SET refund_due_at = '2026-01-13T10:30:00Z'")
        .await;
    let put_off =
        "SELECT 1 AS one FROM payments.payments WHERE refund_due_at > '2026-01-13T10:30:00Z'";
    app.until("it is put off", put_off).await;
    assert_eq!(app.status_of(begun.id).await, "initialized");
}
