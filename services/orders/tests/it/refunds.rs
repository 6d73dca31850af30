use common::ids;
use events::payments::{RefundFailed, RefundProcessed, RefundRequested, RestockedLine};
use messaging::Outcome;
use money::{Amount, Currency};
use orders::consumers::on_refund_failed::on_refund_failed;
use orders::consumers::on_refund_processed::on_refund_processed;
use orders::consumers::on_refund_requested::on_refund_requested;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{TestApp, eventually, id_of};
use crate::invariants;
use crate::settling::pay;

struct Refund {
    id: Uuid,
    payment: Uuid,
    order: Uuid,
    amount: Amount,
}

impl Refund {
    fn of(order: &Value, payment: Uuid, amount: &str) -> Self {
        Self {
            id: ids::new_id(),
            payment,
            order: id_of(order),
            amount: amount.parse().unwrap(),
        }
    }

    fn processed(&self, restock: Option<Vec<RestockedLine>>) -> RefundProcessed {
        RefundProcessed {
            refund_id: self.id,
            payment_id: self.payment,
            order_id: self.order,
            user_id: ids::new_id(),
            amount: self.amount,
            currency: Currency::Ngn,
            restock,
        }
    }
}

async fn process(app: &TestApp, refund: &Refund, restock: Option<Vec<RestockedLine>>) -> Outcome {
    let event = refund.processed(restock);
    app.hear(event, on_refund_processed).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_refund_ends_the_order_and_brings_unshipped_goods_back() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 2).await;
    let payment = pay(&app, &order).await;
    let refund = Refund::of(&order, payment, "3650.00");
    assert_eq!(order["total"], 3650.0);
    assert_eq!(process(&app, &refund, None).await, Outcome::Applied);
    let now = ada.see(&order).await;
    assert_eq!(now["status"], "refunded");
    assert_eq!(now["paymentStatus"], "refunded");
    let back = app.promised("order.restock_requested").await;
    assert_eq!(back.len(), 1);
    assert_eq!(back[0]["data"]["lines"][0]["quantity"], 2);
    assert_eq!(app.promised("order.refunded").await.len(), 1);
    assert_eq!(process(&app, &refund, None).await, Outcome::Stale);
    assert_eq!(app.promised("order.restock_requested").await.len(), 1);
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_the_money_leaves_the_order_as_it_is() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 2).await;
    let payment = pay(&app, &order).await;
    process(&app, &Refund::of(&order, payment, "1000.00"), None).await;
    let now = ada.see(&order).await;
    assert_eq!(now["status"], "processing");
    assert_eq!(now["paymentStatus"], "partially_refunded");
    assert_eq!(app.promised("order.restock_requested").await.len(), 0);
    process(&app, &Refund::of(&order, payment, "2650.00"), None).await;
    assert_eq!(ada.see(&order).await["status"], "refunded");
    assert_eq!(app.promised("order.restock_requested").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_may_name_what_comes_back() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 2).await;
    let payment = pay(&app, &order).await;
    let line = RestockedLine {
        line_id: order["items"][0]["id"].as_str().unwrap().parse().unwrap(),
        quantity: 1,
    };
    process(
        &app,
        &Refund::of(&order, payment, "1000.00"),
        Some(vec![line]),
    )
    .await;
    let back = app.promised("order.restock_requested").await;
    assert_eq!(
        back[0]["data"]["lines"],
        json!([{ "variantId": lace.variant, "quantity": 1 }])
    );
    let whole = Refund::of(&order, payment, "2650.00");
    process(&app, &whole, Some(vec![])).await;
    assert_eq!(
        app.promised("order.restock_requested").await.len(),
        1,
        "none were named"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_that_left_the_house_do_not_come_back_by_themselves() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let (ada, packer) = (app.customer(), app.staff("fulfilment"));
    let order = ada.buy(lace, 2).await;
    let payment = pay(&app, &order).await;
    let path = format!("/admin/orders/{}", id_of(&order));
    packer
        .patch(&path, &json!({ "status": "shipped" }))
        .await
        .assert_success(200);
    process(&app, &Refund::of(&order, payment, "3650.00"), None).await;
    assert_eq!(ada.see(&order).await["status"], "refunded");
    assert_eq!(app.promised("order.restock_requested").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_money_that_was_not_kept_changes_no_status() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 2).await;
    pay(&app, &order).await;
    let second = pay(&app, &order).await;
    process(&app, &Refund::of(&order, second, "3650.00"), None).await;
    let now = ada.see(&order).await;
    assert_eq!(now["status"], "processing");
    assert_eq!(now["paymentStatus"], "paid");
    assert_eq!(app.promised("order.restock_requested").await.len(), 0);
    assert_eq!(app.promised("order.refunded").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn r4_money_of_an_unallocated_order_goes_back_and_ends_it() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 2).await;
    app.world
        .shelf
        .lock()
        .unwrap()
        .end(id_of(&order), "expired");
    app.world.stock(lace, 0);
    let payment = pay(&app, &order).await;
    process(&app, &Refund::of(&order, payment, "3650.00"), None).await;
    let now = ada.see(&order).await;
    assert_eq!(now["status"], "refunded");
    assert_eq!(app.promised("order.restock_requested").await.len(), 0);
    let notes = app.rows("SELECT id FROM orders.documents").await;
    assert!(
        notes.is_empty(),
        "nothing was invoiced, so there is nothing to correct"
    );
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_refund_may_come_in_any_order() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 2).await;
    let payment = pay(&app, &order).await;
    let refund = Refund::of(&order, payment, "1000.00");
    process(&app, &refund, None).await;
    let requested = RefundRequested {
        refund_id: refund.id,
        payment_id: payment,
        order_id: refund.order,
        user_id: ada.id,
        amount: refund.amount,
        currency: Currency::Ngn,
        reason: "broken".to_owned(),
    };
    let outcome = app.hear(requested, on_refund_requested).await.unwrap();
    assert_eq!(outcome, Outcome::Stale);
    let failed = RefundFailed {
        refund_id: refund.id,
        payment_id: payment,
        order_id: refund.order,
        user_id: ada.id,
        amount: refund.amount,
        currency: Currency::Ngn,
    };
    let outcome = app.hear(failed, on_refund_failed).await.unwrap();
    assert_eq!(outcome, Outcome::Stale);
    assert_eq!(ada.see(&order).await["paymentStatus"], "partially_refunded");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_may_go_back_than_was_due() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    let payment = pay(&app, &order).await;
    let all = Refund::of(&order, payment, "2600.00");
    assert_eq!(process(&app, &all, None).await, Outcome::Applied);
    let more = Refund::of(&order, payment, "10.00");
    assert_eq!(process(&app, &more, None).await, Outcome::Applied);
    assert_eq!(ada.see(&order).await["paymentStatus"], "refunded");
    eventually("the invoice is taken back", async || {
        app.promised("invoice.issued").await.len() == 2
    })
    .await;
    let said = app.promised("invoice.issued").await;
    let note = said.iter().find(|one| one["data"]["kind"] == "credit_note");
    assert_eq!(note.unwrap()["data"]["total"], 2575.0, "what it says, once");
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_what_never_paid_for_the_order_changes_nothing_of_it() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    let kept = pay(&app, &order).await;
    let unheard = Refund::of(&order, ids::new_id(), "9000.00");
    assert_eq!(process(&app, &unheard, None).await, Outcome::Applied);
    let mut foreign = Refund::of(&order, kept, "2575.00").processed(None);
    foreign.currency = Currency::Ghs;
    let outcome = app.hear(foreign, on_refund_processed).await.unwrap();
    assert_eq!(outcome, Outcome::Applied);
    let now = ada.see(&order).await;
    assert_eq!(now["status"], "processing");
    assert_eq!(now["paymentStatus"], "paid");
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tax_of_partial_credit_notes_adds_up_to_the_invoices() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    let payment = pay(&app, &order).await;
    assert_eq!(
        (&order["total"], &order["tax"]),
        (&json!(2575.0), &json!(75.0))
    );
    for part in [["286.11"; 9].as_slice(), &["0.01"]].concat() {
        process(&app, &Refund::of(&order, payment, part), None).await;
    }
    eventually("all are issued", async || {
        app.promised("invoice.issued").await.len() == 11
    })
    .await;
    let mut tax = 0.0;
    for said in app.promised("invoice.issued").await {
        if said["data"]["kind"] == "credit_note" {
            let says = app.content(said["data"]["number"].as_str().unwrap()).await;
            tax += says["taxLines"][0]["tax"].as_f64().unwrap();
        }
    }
    assert!((tax - 75.0).abs() < 0.001, "{tax}");
}

#[tokio::test(flavor = "multi_thread")]
async fn r14_two_refunds_at_once_complete_the_order_once() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    let payment = pay(&app, &order).await;
    let (one, other) = (
        Refund::of(&order, payment, "2000.00"),
        Refund::of(&order, payment, "575.00"),
    );
    let done = tokio::join!(process(&app, &one, None), process(&app, &other, None));
    assert_eq!(done, (Outcome::Applied, Outcome::Applied));
    assert_eq!(ada.see(&order).await["status"], "refunded");
    assert_eq!(app.promised("order.refunded").await.len(), 1);
    assert_eq!(app.promised("order.restock_requested").await.len(), 1);
    invariants::assert_all(&app).await;
}
