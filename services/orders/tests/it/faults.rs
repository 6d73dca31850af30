//! What the service needs goes away and comes back under requests.

use std::time::{Duration, Instant};

use serde_json::json;
use test_support::service::Reply;
use test_support::{PrivatePostgres, TestDb};

use crate::app::{TestApp, id_of, order_of};
use crate::invariants;
use crate::inventory::Trouble;
use crate::world::{World, prepare};

fn assert_come_again(reply: &Reply) {
    reply.assert_error(503, "SERVICE_UNAVAILABLE");
    assert_ne!(reply.header("retry-after"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_everything_is_a_503_and_recovers_by_itself() {
    let mut postgres = PrivatePostgres::start();
    let db = TestDb::start_on(&postgres, "orders", prepare);
    let app = TestApp::start_on(World::on(db)).await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let (ada, admin) = (app.customer(), app.staff("admin"));
    let order = ada.buy(lace, 1).await;
    let id = id_of(&order);
    postgres.kill();
    let begun = Instant::now();
    let body = order_of(&[lace.item(1)]);
    assert_come_again(&ada.order(&body).await);
    assert_come_again(&ada.get("/orders").await);
    assert_come_again(&ada.get(&format!("/orders/{id}")).await);
    assert_come_again(&ada.get(&format!("/orders/{id}/invoice")).await);
    assert_come_again(&ada.get("/shipping-methods").await);
    assert_come_again(&ada.post(&format!("/orders/{id}/cancel"), &json!({})).await);
    let quote = json!({ "items": [lace.item(1)], "country": "NG" });
    assert_come_again(&ada.post("/orders/quote", &quote).await);
    let track = json!({ "orderNumber": "AGP-1", "email": "a@b.c" });
    assert_come_again(&ada.post("/orders/track", &track).await);
    assert_come_again(&admin.get("/admin/orders").await);
    assert_come_again(
        &admin
            .patch(&format!("/admin/orders/{id}"), &json!({ "notes": "x" }))
            .await,
    );
    assert!(begun.elapsed() < Duration::from_secs(20), "it hangs");
    tokio::task::block_in_place(|| postgres.restart());
    crate::app::eventually("it recovers", async || {
        ada.get("/orders").await.status == 200
    })
    .await;
    ada.buy(lace, 1).await;
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sibling_that_is_away_holds_nothing_and_loses_nothing() {
    let app = TestApp::start_with(&[("UPSTREAMS__CATALOG__URL", "http://127.0.0.1:1")]).await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    assert_come_again(&ada.order(&order_of(&[lace.item(1)])).await);
    assert!(app.world.shelf.lock().unwrap().holds.is_empty());
    app.world.fill_cart(ada.id, &[lace.item(1)]);
    let cart = json!({ "fromCart": true, "shippingAddress": crate::app::address() });
    assert_come_again(&ada.order(&cart).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn inventory_that_is_away_is_a_503() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    app.world.shelf.lock().unwrap().trouble = vec![Trouble::HangUp; 2];
    assert_come_again(&ada.order(&order_of(&[lace.item(1)])).await);
    ada.buy(lace, 1).await;
    invariants::assert_all(&app).await;
}
