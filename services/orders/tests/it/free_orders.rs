use serde_json::json;

use crate::app::{TestApp, eventually, id_of, order_of};
use crate::invariants;
use crate::inventory::Trouble;

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_costs_nothing_is_settled_at_once() {
    let app = TestApp::start().await;
    let sample = app.world.sell("Sample", "0.00");
    let ada = app.customer();
    let mut body = order_of(&[sample.item(1)]);
    body["shippingMethod"] = json!("pickup");
    let order = ada.order(&body).await.assert_success(201)["order"].clone();
    let now = ada.see(&order).await;
    assert_eq!(now["status"], "processing");
    assert_eq!(now["paymentStatus"], "paid");
    let said = app.promised("order.paid").await;
    assert_eq!(said[0]["data"]["paymentId"], json!(null));
    let hold = app.world.shelf.lock().unwrap().holds[&id_of(&order)].clone();
    assert_eq!(hold.state, "committed");
    let due = format!("/internal/orders/{}/due", id_of(&order));
    let due = app.as_service(reqwest::Method::GET, &due).await;
    assert_eq!(due.assert_success(200)["due"]["isPayable"], false);
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_costs_nothing_ends_when_its_goods_are_gone() {
    let app = TestApp::start().await;
    let sample = app.world.sell("Sample", "0.00");
    let ada = app.customer();
    let mut body = order_of(&[sample.item(1)]);
    body["shippingMethod"] = json!("pickup");
    // Held, and then inventory is away when the goods are to be sold: the order is placed all the same.
    let shelf = &app.world.shelf;
    let trouble = [Trouble::None, Trouble::HangUp, Trouble::HangUp];
    shelf.lock().unwrap().trouble.extend(trouble);
    let order = ada.order(&body).await.assert_success(201)["order"].clone();
    assert_eq!(ada.see(&order).await["status"], "pending");
    shelf.lock().unwrap().end(id_of(&order), "released");
    eventually("the sweep ends it", async || {
        app.wait(chrono::TimeDelta::seconds(30));
        ada.see(&order).await["status"] == "cancelled"
    })
    .await;
    assert_eq!(app.promised("order.cancelled").await.len(), 1);
    assert!(app.promised("order.unallocated").await.is_empty());
    invariants::assert_all(&app).await;
}
