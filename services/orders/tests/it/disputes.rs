//! What payments says of disputes, and what that means for the goods.

use chrono::{DateTime, Utc};
use common::ids;
use events::disputes::{DisputeOpened, DisputeOutcome, DisputeReminded, DisputeResolved};
use events::payments::RefundProcessed;
use messaging::Outcome;
use money::Currency;
use orders::consumers::on_dispute_opened::on_dispute_opened;
use orders::consumers::on_dispute_reminded::on_dispute_reminded;
use orders::consumers::on_dispute_resolved::on_dispute_resolved;
use orders::consumers::on_refund_processed::on_refund_processed;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{TestApp, id_of};
use crate::invariants;
use crate::settling::pay;

/// A dispute of all that an order of 3,650 naira came to.
struct Dispute {
    id: Uuid,
    payment: Uuid,
    order: Uuid,
}

impl Dispute {
    fn of(order: &Value, payment: Uuid) -> Self {
        assert_eq!(order["total"], 3650.0);
        Self {
            id: ids::new_id(),
            payment,
            order: id_of(order),
        }
    }

    async fn open(&self, app: &TestApp, version: i64) -> Outcome {
        let event = DisputeOpened {
            dispute_id: self.id,
            payment_id: self.payment,
            order_id: self.order,
            user_id: ids::new_id(),
            amount: "3650.00".parse().unwrap(),
            currency: Currency::Ngn,
            category: Some("chargeback".to_owned()),
            due_at: due(),
        };
        app.hear_version(version, event, on_dispute_opened).await
    }

    async fn end(
        &self,
        app: &TestApp,
        version: i64,
        outcome: DisputeOutcome,
        taken: &str,
    ) -> Outcome {
        let event = DisputeResolved {
            dispute_id: self.id,
            payment_id: self.payment,
            order_id: self.order,
            user_id: ids::new_id(),
            amount: "3650.00".parse().unwrap(),
            currency: Currency::Ngn,
            outcome,
            taken: taken.parse().unwrap(),
        };
        app.hear_version(version, event, on_dispute_resolved).await
    }
}

fn due() -> DateTime<Utc> {
    "2026-01-14T10:30:00Z".parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_wait_until_an_open_dispute_is_won() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let (ada, packer) = (app.customer(), app.staff("fulfilment"));
    let order = ada.buy(lace, 2).await;
    let dispute = Dispute::of(&order, pay(&app, &order).await);
    assert_eq!(dispute.open(&app, 1).await, Outcome::Applied);
    let path = format!("/admin/orders/{}", id_of(&order));
    let shipped = json!({ "status": "shipped" });
    let held = packer.patch(&path, &shipped).await;
    held.assert_error(409, "INVALID_STATE");
    let reminder = DisputeReminded {
        dispute_id: dispute.id,
        payment_id: dispute.payment,
        order_id: dispute.order,
        user_id: ids::new_id(),
        amount: "3650.00".parse().unwrap(),
        currency: Currency::Ngn,
        due_at: due(),
    };
    let heard = app.hear_version(2, reminder, on_dispute_reminded).await;
    assert_eq!(heard, Outcome::Applied);
    let seen = packer.get(&path).await.assert_success(200)["order"].clone();
    assert_eq!(seen["disputed"], true);
    let first = &seen["disputes"][0];
    assert_eq!(
        (&first["status"], &first["amount"]),
        (&json!("open"), &json!(3650.0))
    );
    assert_eq!(first["dueAt"], "2026-01-14T10:30:00Z");
    assert_eq!(
        dispute.end(&app, 3, DisputeOutcome::Won, "0").await,
        Outcome::Applied
    );
    let sent = packer.patch(&path, &shipped).await;
    let sent = sent.assert_success(200)["order"].clone();
    assert_eq!(sent["status"], "shipped");
    assert_eq!(sent["disputed"], false);
    assert_eq!(sent["disputes"][0]["status"], "won");
    let notes = sent["history"].as_array().unwrap().iter();
    let notes: Vec<_> = notes.filter_map(|entry| entry["note"].as_str()).collect();
    assert!(notes.contains(&"the payment is disputed"), "{notes:?}");
    assert!(
        notes.contains(&"the dispute ended for the shop"),
        "{notes:?}"
    );
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_lost_dispute_took_is_not_shipped_and_brings_nothing_back() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let (ada, packer) = (app.customer(), app.staff("fulfilment"));
    let order = ada.buy(lace, 2).await;
    let dispute = Dispute::of(&order, pay(&app, &order).await);
    // The end is heard before the beginning.
    let ended = dispute.end(&app, 2, DisputeOutcome::AutoAccepted, "3650.00");
    assert_eq!(ended.await, Outcome::Applied);
    assert_eq!(dispute.open(&app, 1).await, Outcome::Stale);
    let again = dispute.end(&app, 2, DisputeOutcome::AutoAccepted, "3650.00");
    assert_eq!(again.await, Outcome::Stale);
    let now = ada.see(&order).await;
    assert_eq!(
        (&now["status"], &now["paymentStatus"]),
        (&json!("processing"), &json!("refunded"))
    );
    let path = format!("/admin/orders/{}", id_of(&order));
    let shipped = json!({ "status": "shipped" });
    let held = packer.patch(&path, &shipped).await;
    held.assert_error(409, "INVALID_STATE");
    assert!(app.promised("order.restock_requested").await.is_empty());
    assert!(app.promised("order.refunded").await.is_empty());
    // The bank thinks twice, and the money is the shop's again.
    dispute.end(&app, 3, DisputeOutcome::Won, "0").await;
    assert_eq!(ada.see(&order).await["paymentStatus"], "paid");
    packer.patch(&path, &shipped).await.assert_success(200);
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_after_a_dispute_may_be_shipped_or_go_back_as_any() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let (ada, packer) = (app.customer(), app.staff("fulfilment"));
    let order = ada.buy(lace, 2).await;
    let dispute = Dispute::of(&order, pay(&app, &order).await);
    dispute.open(&app, 1).await;
    dispute
        .end(&app, 2, DisputeOutcome::Accepted, "1650.00")
        .await;
    let now = ada.see(&order).await;
    assert_eq!(now["paymentStatus"], "partially_refunded");
    let path = format!("/admin/orders/{}", id_of(&order));
    packer
        .patch(&path, &json!({ "status": "shipped" }))
        .await
        .assert_success(200);
    let rest = RefundProcessed {
        refund_id: ids::new_id(),
        payment_id: dispute.payment,
        order_id: dispute.order,
        user_id: ids::new_id(),
        amount: "2000.00".parse().unwrap(),
        currency: Currency::Ngn,
        restock: None,
    };
    app.hear(rest, on_refund_processed).await.unwrap();
    assert_eq!(ada.see(&order).await["status"], "refunded");
    invariants::assert_all(&app).await;
}
