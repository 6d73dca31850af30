use common::ids;
use serde_json::json;

use crate::app::{TestApp, order_of};
use crate::invariants;
use crate::inventory::Trouble;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_again_gets_the_same_bytes() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let body = order_of(&[lace.item(1)]);
    let first = ada.order_as("one", &body).await;
    let again = ada.order_as("one", &body).await;
    first.assert_success(201);
    assert_eq!((again.status, &again.bytes), (201, &first.bytes));
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(first.header("idempotent-replayed"), "");
    let mut other = body.clone();
    other["notes"] = json!("other");
    ada.order_as("one", &other)
        .await
        .assert_error(422, "IDEMPOTENCY_KEY_REUSED");
    app.customer()
        .order_as("one", &body)
        .await
        .assert_success(201);
    assert_eq!(app.rows("SELECT id FROM orders.orders").await.len(), 2);
    let kept = app
        .rows("SELECT response_body FROM orders.idempotency_keys")
        .await;
    let kept = format!("{kept:?}");
    let allen = "416c6c656e";
    assert!(!kept.contains(allen), "answers are stored encrypted");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_many_times_at_once_makes_one_order() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let body = order_of(&[lace.item(1)]);
    let replies = (0..10).map(|_| ada.order_as("one", &body));
    let replies = futures_util::future::join_all(replies).await;
    for reply in &replies {
        if reply.status != 201 {
            reply.assert_error(409, "IDEMPOTENCY_IN_PROGRESS");
            assert_eq!(reply.header("retry-after"), "1");
        }
    }
    assert!(replies.iter().any(|reply| reply.status == 201));
    assert_eq!(app.rows("SELECT id FROM orders.orders").await.len(), 1);
    assert_eq!(app.world.shelf.lock().unwrap().available[&lace.variant], 99);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_gives_the_key_back() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    app.world.stock(lace, 0);
    let ada = app.customer();
    let body = order_of(&[lace.item(1)]);
    ada.order_as("one", &body)
        .await
        .assert_error(409, "INSUFFICIENT_STOCK");
    app.world.stock(lace, 1);
    ada.order_as("one", &body).await.assert_success(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_found_out_by_the_next_request() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let body = order_of(&[lace.item(1)]);
    app.world.shelf.lock().unwrap().trouble = vec![Trouble::ExecuteThenHangUp; 2];
    let lost = ada.order_as("one", &body).await;
    lost.assert_error(503, "SERVICE_UNAVAILABLE");
    assert_ne!(lost.header("retry-after"), "");
    assert_eq!(app.world.shelf.lock().unwrap().available[&lace.variant], 99);
    let soon = ada.order_as("one", &body).await;
    soon.assert_error(409, "IDEMPOTENCY_IN_PROGRESS");
    app.execute("UPDATE orders.idempotency_keys SET claimed_at = now() - interval '61 seconds'")
        .await;
    let placed = ada.order_as("one", &body).await;
    placed.assert_success(201);
    let shelf = app.world.shelf.lock().unwrap();
    assert_eq!(
        shelf.available[&lace.variant], 99,
        "the first attempt's hold is used"
    );
    assert_eq!(shelf.holds.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_that_changed_after_a_lost_attempt_is_refused_and_its_hold_given_back() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let bag = app.world.sell("Bag", "500.00");
    let ada = app.customer();
    let body = json!({ "fromCart": true, "shippingAddress": crate::app::address() });
    app.world.fill_cart(ada.id, &[lace.item(1)]);
    app.world.shelf.lock().unwrap().trouble = vec![Trouble::ExecuteThenHangUp; 2];
    let lost = ada.order_as("one", &body).await;
    lost.assert_error(503, "SERVICE_UNAVAILABLE");
    app.world.fill_cart(ada.id, &[lace.item(1), bag.item(1)]);
    app.execute("UPDATE orders.idempotency_keys SET claimed_at = now() - interval '61 seconds'")
        .await;
    let changed = ada.order_as("one", &body).await;
    changed.assert_error(409, "CONFLICT");
    assert_eq!(
        app.world.shelf.lock().unwrap().available[&lace.variant],
        100
    );
    ada.order_as("one", &body).await.assert_success(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_request_held_is_given_back() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    app.world.shelf.lock().unwrap().trouble = vec![Trouble::ExecuteThenHangUp; 2];
    ada.order_as("one", &order_of(&[lace.item(1)]))
        .await
        .assert_error(503, "SERVICE_UNAVAILABLE");
    app.execute("UPDATE orders.idempotency_keys SET claimed_at = now() - interval '91 seconds'")
        .await;
    let world = app.crash();
    let app = TestApp::start_in(world, &[]).await;
    crate::app::eventually("the hold is given back", async || {
        app.world.shelf.lock().unwrap().available[&lace.variant] == 100
    })
    .await;
    assert_eq!(
        app.rows("SELECT key FROM orders.idempotency_keys")
            .await
            .len(),
        0
    );
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_the_middle_of_many_orders_loses_and_doubles_none() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let people: Vec<_> = (0..20).map(|_| ids::new_id()).collect();
    let body = order_of(&[lace.item(1)]);
    let world = std::sync::Arc::clone(&app.world);
    {
        let buyers: Vec<_> = people.iter().map(|_| app.customer()).collect();
        let orders = buyers.iter().map(|buyer| {
            buyer
                .request(reqwest::Method::POST, "/orders")
                .header("Idempotency-Key", "one")
                .json(&body)
                .send()
        });
        let crash = async {
            tokio::time::sleep(std::time::Duration::from_millis(60)).await;
            app.crash();
        };
        let (answers, ()) = tokio::join!(futures_util::future::join_all(orders), crash);
        let acknowledged = answers
            .iter()
            .filter(|answer| answer.as_ref().is_ok_and(|answer| answer.status() == 201))
            .count();
        let app = TestApp::start_in(std::sync::Arc::clone(&world), &[]).await;
        let stored = app.rows("SELECT id FROM orders.orders").await.len();
        assert!(stored >= acknowledged, "{stored} of {acknowledged}");
        let keys = app
            .rows("SELECT key FROM orders.idempotency_keys WHERE state = 'done'")
            .await;
        assert_eq!(keys.len(), stored);
        assert_eq!(app.promised("order.created").await.len(), stored);
        invariants::assert_all(&app).await;
    }
}
