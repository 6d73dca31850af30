use chrono::{DateTime, TimeDelta, Utc};
use events::inventory::ReservationExpired;
use messaging::Outcome;
use orders::consumers::on_payment_succeeded::on_payment_succeeded;
use orders::consumers::on_reservation_expired::on_reservation_expired;
use serde_json::{Value, json};
use test_support::service::singly;

use crate::app::{TestApp, eventually, id_of};
use crate::invariants;
use crate::settling::success;

/// Inventory ends the hold of an order and says so.
pub async fn expire(app: &TestApp, order: &Value) -> Outcome {
    app.world.shelf.lock().unwrap().end(id_of(order), "expired");
    let ends: DateTime<Utc> = order["expiresAt"].as_str().unwrap().parse().unwrap();
    let event = ReservationExpired {
        order_id: id_of(order),
        expires_at: ends,
    };
    app.hear(event, on_reservation_expired).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_may_give_up_an_unpaid_order() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    let path = format!("/orders/{}/cancel", id_of(&order));
    let reply = ada
        .post(&path, &json!({ "reason": "Changed my mind" }))
        .await;
    let cancelled = reply.assert_success(200)["order"].clone();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(cancelled["history"][1]["note"], "Changed my mind");
    assert_eq!(cancelled["history"][1]["actor"], "customer");
    let again = ada.request(reqwest::Method::POST, &path);
    use test_support::service::Ask as _;
    let again = again.reply().await;
    assert_eq!(
        again.assert_success(200)["order"]["version"],
        cancelled["version"]
    );
    assert_eq!(app.promised("order.cancelled").await.len(), 1);
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_order_ends_with_its_hold() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    let early = ReservationExpired {
        order_id: id_of(&order),
        expires_at: "2026-01-01T00:00:00Z".parse().unwrap(),
    };
    let outcome = app.hear(early, on_reservation_expired).await.unwrap();
    assert_eq!(outcome, Outcome::Stale, "its own hold ends later");
    assert_eq!(expire(&app, &order).await, Outcome::Applied);
    assert_eq!(ada.see(&order).await["status"], "expired");
    assert_eq!(expire(&app, &order).await, Outcome::Stale);
    assert_eq!(app.promised("order.expired").await.len(), 1);
    let unknown = ReservationExpired {
        order_id: common::ids::new_id(),
        expires_at: "2026-01-01T00:00:00Z".parse().unwrap(),
    };
    let outcome = app.hear(unknown, on_reservation_expired).await.unwrap();
    assert_eq!(outcome, Outcome::Stale, "an order that never was");
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_nobody_told_of_is_found_by_the_sweep() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let (over, held) = (ada.buy(lace, 1).await, ada.buy(lace, 1).await);
    app.world.shelf.lock().unwrap().end(id_of(&over), "expired");
    app.wait(TimeDelta::minutes(20));
    let eve = app.customer();
    let _ = eve;
    let status = async |order: &Value| {
        let sql = format!(
            "SELECT status FROM orders.orders WHERE id = '{}'",
            id_of(order)
        );
        app.rows(&sql).await[0]["status"].clone()
    };
    eventually("the order ends", async || status(&over).await == "expired").await;
    assert_eq!(status(&held).await, "pending", "inventory holds it still");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_and_a_payment_at_once_are_decided_by_the_row() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let (mut paid, mut cancelled) = (0, 0);
    for _ in 0..12 {
        let order = ada.buy(lace, 1).await;
        let path = format!("/orders/{}/cancel", id_of(&order));
        let body = json!({});
        let payment = common::ids::new_id();
        let (reply, heard) = tokio::join!(
            ada.post(&path, &body),
            app.hear(success(&order, payment), singly(on_payment_succeeded))
        );
        heard.unwrap();
        let now = ada.see(&order).await;
        let refunds = app.promised("order.refund_requested").await;
        let goes_back = refunds
            .iter()
            .any(|one| one["data"]["paymentId"] == payment.to_string());
        match now["status"].as_str().unwrap() {
            "processing" => {
                reply.assert_error(409, "INVALID_STATE");
                assert!(!goes_back);
                paid += 1;
            }
            "cancelled" => {
                reply.assert_success(200);
                assert!(goes_back);
                cancelled += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(paid + cancelled, 12);
    invariants::assert_all(&app).await;
}
