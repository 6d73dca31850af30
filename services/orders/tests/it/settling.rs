use common::ids;
use events::payments::{
    FailedOutcome, PaymentFailed, PaymentInitialized, PaymentPending, PaymentSucceeded,
};
use messaging::{ConsumeError, Outcome};
use money::{Amount, Currency};
use orders::consumers::on_payment_failed::on_payment_failed;
use orders::consumers::on_payment_initialized::on_payment_initialized;
use orders::consumers::on_payment_pending::on_payment_pending;
use orders::consumers::on_payment_succeeded::on_payment_succeeded;
use serde_json::Value;
use test_support::service::singly;
use uuid::Uuid;

use crate::app::{TestApp, eventually, id_of};
use crate::invariants;
use crate::inventory::Trouble;

/// A payment of an order's whole total.
pub fn success(order: &Value, payment: Uuid) -> PaymentSucceeded {
    let total: Amount = serde_json::from_value(order["total"].clone()).unwrap();
    PaymentSucceeded {
        payment_id: payment,
        order_id: id_of(order),
        user_id: ids::new_id(),
        reference: format!("AGP-{payment}"),
        amount: total,
        currency: Currency::Ngn,
        channel: Some("card".to_owned()),
        paid_at: "2026-01-13T10:30:00Z".parse().unwrap(),
    }
}

/// Pays an order; answers the payment.
pub async fn pay(app: &TestApp, order: &Value) -> Uuid {
    let payment = ids::new_id();
    let heard = app
        .hear(success(order, payment), singly(on_payment_succeeded))
        .await;
    heard.unwrap();
    payment
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_sells_the_goods_and_makes_an_invoice_due() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 2).await;
    let payment = pay(&app, &order).await;
    let now = ada.see(&order).await;
    assert_eq!(now["status"], "processing");
    assert_eq!(now["paymentStatus"], "paid");
    assert_eq!(now["history"].as_array().unwrap().len(), 2);
    let said = app.promised("order.paid").await;
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["data"]["paymentId"], payment.to_string());
    assert_eq!(said[0]["data"]["lines"][0]["quantity"], 2);
    ada.post(
        &format!("/orders/{}/cancel", id_of(&order)),
        &serde_json::json!({}),
    )
    .await
    .assert_error(409, "INVALID_STATE");
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_heard_of_again_changes_nothing() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    let (payment, event) = (ids::new_id(), ids::new_id());
    let hear = async |id| {
        app.hear_as(id, success(&order, payment), singly(on_payment_succeeded))
            .await
            .unwrap()
    };
    assert_eq!(hear(event).await, Outcome::Applied);
    let once = ada.see(&order).await;
    assert_eq!(hear(event).await, Outcome::Duplicate);
    hear(ids::new_id()).await;
    let again = ada.see(&order).await;
    assert_eq!(again["version"], once["version"]);
    assert_eq!(app.promised("order.paid").await.len(), 1);
    assert_eq!(app.promised("order.refund_requested").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn r12_the_same_payment_heard_many_times_at_once_has_one_effect() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    let payment = ids::new_id();
    let heard = (0..8).map(|_| app.hear(success(&order, payment), singly(on_payment_succeeded)));
    for outcome in futures_util::future::join_all(heard).await {
        outcome.unwrap();
    }
    assert_eq!(ada.see(&order).await["status"], "processing");
    assert_eq!(app.promised("order.paid").await.len(), 1);
    assert_eq!(app.promised("order.refund_requested").await.len(), 0);
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_payment_goes_back() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    pay(&app, &order).await;
    let second = pay(&app, &order).await;
    let said = app.promised("order.refund_requested").await;
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["data"]["paymentId"], second.to_string());
    assert_eq!(said[0]["data"]["reason"], "already_paid");
    assert_eq!(ada.see(&order).await["paymentStatus"], "paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_payments_at_once_keep_one() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    for _ in 0..5 {
        let order = ada.buy(lace, 1).await;
        let heard =
            (0..2).map(|_| app.hear(success(&order, ids::new_id()), singly(on_payment_succeeded)));
        for outcome in futures_util::future::join_all(heard).await {
            outcome.unwrap();
        }
        assert_eq!(ada.see(&order).await["status"], "processing");
    }
    assert_eq!(app.promised("order.paid").await.len(), 5);
    assert_eq!(app.promised("order.refund_requested").await.len(), 5);
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r4_of_three_captures_of_one_order_one_is_kept_and_two_go_back() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    let payments: Vec<_> = (0..3).map(|_| ids::new_id()).collect();
    for payment in &payments {
        let heard = app
            .hear(success(&order, *payment), singly(on_payment_succeeded))
            .await;
        heard.unwrap();
    }
    let (kept, others) = payments.split_first().unwrap();
    let said = app.promised("order.paid").await;
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["data"]["paymentId"], kept.to_string());
    let said = app.promised("order.refund_requested").await;
    let back: Vec<_> = said
        .iter()
        .map(|event| event["data"]["paymentId"].clone())
        .collect();
    assert_eq!(
        back,
        others.iter().map(ToString::to_string).collect::<Vec<_>>()
    );
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r4_a_late_payment_whose_goods_are_gone_goes_back() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    app.world
        .shelf
        .lock()
        .unwrap()
        .end(id_of(&order), "expired");
    app.world.stock(lace, 0);
    let payment = pay(&app, &order).await;
    let now = ada.see(&order).await;
    assert_eq!(now["status"], "paid_unallocated");
    assert_eq!(now["paymentStatus"], "paid");
    let said = app.promised("order.unallocated").await;
    assert_eq!(said[0]["data"]["paymentId"], payment.to_string());
    assert_eq!(app.promised("order.paid").await.len(), 0);
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_payment_takes_goods_that_are_still_there() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    crate::ending::expire(&app, &order).await;
    assert_eq!(ada.see(&order).await["status"], "expired");
    pay(&app, &order).await;
    assert_eq!(ada.see(&order).await["status"], "processing");
    assert_eq!(app.promised("order.paid").await.len(), 1);
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_of_a_cancelled_order_goes_back() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    let cancel = format!("/orders/{}/cancel", id_of(&order));
    ada.post(&cancel, &serde_json::json!({}))
        .await
        .assert_success(200);
    pay(&app, &order).await;
    let now = ada.see(&order).await;
    assert_eq!(now["status"], "cancelled");
    assert_eq!(now["paymentStatus"], "paid");
    let said = app.promised("order.refund_requested").await;
    assert_eq!(said[0]["data"]["reason"], "cancelled");
    let commits = app
        .world
        .shelf
        .lock()
        .unwrap()
        .count("commit", id_of(&order));
    assert_eq!(commits, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_that_was_interrupted_is_finished_by_the_sweep() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    {
        let mut shelf = app.world.shelf.lock().unwrap();
        shelf.trouble = vec![Trouble::ExecuteThenHangUp; 2];
    }
    let heard = app
        .hear(success(&order, ids::new_id()), singly(on_payment_succeeded))
        .await;
    assert!(heard.is_err(), "{heard:?}");
    let between = ada.see(&order).await;
    assert_eq!(between["status"], "pending");
    assert_eq!(between["paymentStatus"], "paid");
    let cancel = format!("/orders/{}/cancel", id_of(&order));
    ada.post(&cancel, &serde_json::json!({}))
        .await
        .assert_error(409, "INVALID_STATE");
    app.wait(chrono::TimeDelta::seconds(11));
    eventually("the settlement is finished", async || {
        ada.see(&order).await["status"] == "processing"
    })
    .await;
    assert_eq!(app.promised("order.paid").await.len(), 1);
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_are_paid_together_are_settled_together() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let silk = app.world.sell("Silk", "2000.00");
    let ada = app.customer();
    let (one, other) = (ada.buy(lace, 1).await, ada.buy(silk, 2).await);
    let cancelled = ada.buy(lace, 1).await;
    let path = format!("/orders/{}/cancel", id_of(&cancelled));
    ada.post(&path, &serde_json::json!({}))
        .await
        .assert_success(200);
    let orders = [&one, &cancelled, &other];
    let events = orders.map(|order| (ids::new_id(), success(order, ids::new_id())));
    let heard = app.hear_together(&events, on_payment_succeeded).await;
    assert_eq!(heard.unwrap(), [Outcome::Applied; 3]);
    for order in [&one, &other] {
        let now = ada.see(order).await;
        assert_eq!(now["status"], "processing");
        assert_eq!(now["paymentStatus"], "paid");
        assert_eq!(now["history"].as_array().unwrap().len(), 2);
    }
    assert_eq!(ada.see(&cancelled).await["status"], "cancelled");
    let refused = app.promised("order.refund_requested").await;
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0]["data"]["orderId"], cancelled["id"]);
    // Each goes on in the trace of its own payment.
    let paid = app.promised("order.paid").await;
    assert_eq!(paid.len(), 2);
    for said in &paid {
        let mut events = events.iter();
        let of = |event: &&(Uuid, PaymentSucceeded)| {
            said["data"]["paymentId"] == event.1.payment_id.to_string()
        };
        let (id, event) = events.find(of).unwrap();
        assert_eq!(said["data"]["orderId"], event.order_id.to_string());
        let quantity = if event.order_id == id_of(&other) {
            2
        } else {
            1
        };
        assert_eq!(said["data"]["lines"][0]["quantity"], quantity);
        let trace = said["traceparent"].as_str().unwrap();
        assert!(trace.contains(&id.simple().to_string()), "{trace}");
    }
    let again = app.hear_together(&events, on_payment_succeeded).await;
    assert_eq!(again.unwrap(), [Outcome::Duplicate; 3]);
    assert_eq!(app.promised("order.paid").await.len(), 2);
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_with_a_bad_event_or_two_of_one_order_changes_nothing() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    let mut nobodys = success(&order, ids::new_id());
    nobodys.order_id = ids::new_id();
    let paid = || (ids::new_id(), success(&order, ids::new_id()));
    let heard = app
        .hear_together(&[paid(), (ids::new_id(), nobodys)], on_payment_succeeded)
        .await;
    assert!(matches!(heard, Err(ConsumeError::Hopeless(_))));
    let heard = app
        .hear_together(&[paid(), paid()], on_payment_succeeded)
        .await;
    assert!(matches!(heard, Err(ConsumeError::Transient(_))));
    let now = ada.see(&order).await;
    assert_eq!(now["status"], "pending");
    assert_eq!(now["version"], order["version"]);
    assert!(app.promised("order.paid").await.is_empty());
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_show_in_what_is_paid() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    let payment = ids::new_id();
    let begun = success(&order, payment);
    let initialized = PaymentInitialized {
        payment_id: payment,
        order_id: begun.order_id,
        user_id: ada.id,
        reference: begun.reference.clone(),
        amount: begun.amount,
        currency: begun.currency,
    };
    app.hear(initialized.clone(), singly(on_payment_initialized))
        .await
        .unwrap();
    assert_eq!(ada.see(&order).await["paymentStatus"], "unpaid");
    let pending = PaymentPending {
        payment_id: payment,
        order_id: begun.order_id,
        user_id: ada.id,
        channel: Some("bank_transfer".to_owned()),
    };
    app.hear(pending.clone(), on_payment_pending).await.unwrap();
    let now = ada.see(&order).await;
    assert_eq!(now["paymentStatus"], "pending");
    assert!(
        now["expiresAt"].as_str() > order["expiresAt"].as_str(),
        "held longer"
    );
    let failed = PaymentFailed {
        payment_id: payment,
        order_id: begun.order_id,
        user_id: ada.id,
        outcome: FailedOutcome::Failed,
    };
    app.hear(failed, on_payment_failed).await.unwrap();
    assert_eq!(ada.see(&order).await["paymentStatus"], "failed");
    app.hear(pending, on_payment_pending).await.unwrap();
    app.hear(initialized, singly(on_payment_initialized))
        .await
        .unwrap();
    assert_eq!(
        ada.see(&order).await["paymentStatus"],
        "failed",
        "what came late"
    );
    app.hear(begun, singly(on_payment_succeeded)).await.unwrap();
    assert_eq!(ada.see(&order).await["paymentStatus"], "paid");
}
