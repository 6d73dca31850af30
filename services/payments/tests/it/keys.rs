//! Idempotency keys: the same answer again, byte for byte.

use common::ids;
use serde_json::json;

use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_is_byte_identical_and_asks_nobody() {
    let app = TestApp::start().await;
    let order = app.world.order();
    let first = app.initialize(order, "k").await;
    first.assert_success(200);
    assert_eq!(first.header("idempotent-replayed"), "");
    app.world.orders_go_away(true);
    let again = app.initialize(order, "k").await;
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(again.status, first.status);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(app.world.paystack.asked("initialize"), 1);
    app.world.orders_go_away(false);
    let paid = app.kept().await;
    let body = json!({ "reason": "x", "amount": 10 });
    let first = app.refund(paid.id, "r", &body).await;
    first.assert_success(202);
    app.until_refunds(paid.id, "processing", 1).await;
    let again = app.refund(paid.id, "r", &body).await;
    assert_eq!((again.status, &again.bytes), (202, &first.bytes));
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(app.count("refunds").await, 1);
    let body = json!({ "reason": "x", "amount": 10, "paymentId": paid.id });
    let first = app
        .post_keyed("finance", "/admin/refunds", "r", &body)
        .await;
    first.assert_success(202);
    let again = app
        .post_keyed("finance", "/admin/refunds", "r", &body)
        .await;
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(app.count("refunds").await, 2);
    app.until_refunds(paid.id, "processing", 2).await;
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_good_for_one_request() {
    let app = TestApp::start().await;
    let order = app.world.order();
    app.initialize(order, "k").await.assert_success(200);
    let body = json!({ "orderId": order.id, "amount": 1500 });
    let other = app.initialize_with(order.user, "k", &body).await;
    other.assert_error(422, "IDEMPOTENCY_KEY_REUSED");
    // Somebody else's key of the same text is another.
    let other = app.world.order();
    app.initialize(other, "k").await.assert_success(200);
    let paid = app.kept().await;
    let refund = |amount| json!({ "reason": "x", "amount": amount });
    app.refund(paid.id, "k", &refund(10))
        .await
        .assert_success(202);
    let reused = app.refund(paid.id, "k", &refund(11)).await;
    reused.assert_error(422, "IDEMPOTENCY_KEY_REUSED");
    for key in ["", "two words", &"k".repeat(256)] {
        let reply = app.refund(paid.id, key, &refund(10)).await;
        reply.assert_error(400, "VALIDATION_ERROR");
    }
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_twice_at_once_is_carried_out_once() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    for round in 0..5 {
        let order = app.world.order();
        let key = ids::new_id().to_string();
        let (one, two) = tokio::join!(app.initialize(order, &key), app.initialize(order, &key));
        for reply in [&one, &two] {
            if reply.status != 200 {
                reply.assert_error(409, "IDEMPOTENCY_IN_PROGRESS");
            }
        }
        assert!(one.status == 200 || two.status == 200);
        let body = json!({ "reason": "x", "amount": 10 });
        let key = format!("r{round}");
        let (one, two) = tokio::join!(
            app.refund(paid.id, &key, &body),
            app.refund(paid.id, &key, &body)
        );
        assert!(one.status == 202 || two.status == 202);
    }
    assert_eq!(app.count("refunds").await, 5);
    app.until_refunds(paid.id, "processing", 5).await;
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_gives_the_key_back() {
    let app = TestApp::start().await;
    let order = app.world.order();
    app.world.change_due(order.id, "isPayable", json!(false));
    app.initialize(order, "k")
        .await
        .assert_error(409, "INVALID_STATE");
    app.world.change_due(order.id, "isPayable", json!(true));
    app.initialize(order, "k").await.assert_success(200);
}
