//! Beginning to pay.

use common::ids;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::Ask as _;

use crate::app::TestApp;
use crate::paystack::Fault;
use crate::world::amount;

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_gets_the_providers_page_and_everybody_hears_of_it() {
    let app = TestApp::start().await;
    let order = app.world.order();
    let reply = app.initialize(order, "k1").await;
    let data = reply.assert_success(200).clone();
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(data["amount"], amount(150_000));
    assert_eq!(data["currency"], "NGN");
    let reference = data["reference"].as_str().unwrap();
    assert!(reference.starts_with("AGP-20260113-") && reference.ends_with("-1"));
    let url = data["authorizationUrl"].as_str().unwrap();
    assert!(url.starts_with("https://checkout.paystack.com/"));
    assert!(url.ends_with(data["accessCode"].as_str().unwrap()));
    let asked: Value =
        serde_json::from_str(&app.world.paystack.questions("initialize")[0]).unwrap();
    assert_eq!(asked["amount"], 150_000);
    assert_eq!(asked["currency"], "NGN");
    assert_eq!(asked["email"], "ada@example.com");
    assert_eq!(
        asked["callback_url"],
        "http://127.0.0.1:3000/api/v1/payments/callback"
    );
    assert!(asked.get("channels").is_none());
    let said = app.promised("payment.initialized").await;
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["data"]["reference"], reference);
    assert_eq!(said[0]["data"]["userId"], json!(order.user));
    assert_eq!(said[0]["data"]["amount"], amount(150_000));
    // The buyer's address is with orders, and not here.
    let kept = app.rows("SELECT * FROM payments.payments").await;
    assert!(!kept[0].to_string().contains("ada@"), "{kept:?}");
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_answers_the_live_attempt() {
    let app = TestApp::start().await;
    let order = app.world.order();
    let first = app.initialize(order, "k1").await;
    let second = app.initialize(order, "k2").await;
    assert_eq!(first.assert_success(200), second.assert_success(200));
    assert_eq!(app.world.paystack.asked("initialize"), 1);
    assert_eq!(app.promised("payment.initialized").await.len(), 1);
    assert_eq!(app.count("payments").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_paid_is_refused_and_nothing_is_begun() {
    let app = TestApp::start().await;
    let order = app.world.order();
    let pay = async |body: Value| app.initialize_with(order.user, "k", &body).await;
    let other = json!({ "orderId": order.id, "amount": 1499.99 });
    pay(other).await.assert_error(402, "PAYMENT_ERROR");
    let unknown = json!({ "orderId": ids::new_id() });
    pay(unknown).await.assert_error(404, "NOT_FOUND");
    let somebody = app
        .initialize_with(ids::new_id(), "k", &json!({ "orderId": order.id }))
        .await;
    somebody.assert_error(404, "NOT_FOUND");
    for body in [
        json!({}),
        json!({ "orderId": "x" }),
        json!({ "orderId": order.id, "amount": "1.999" }),
        json!({ "orderId": order.id, "amount": -1 }),
        json!({ "orderId": order.id, "more": 1 }),
        json!({ "orderId": order.id, "callbackUrl": "https://evil.example/x" }),
        json!({ "orderId": order.id, "callbackUrl": "http://127.0.0.1:3000@evil.example/" }),
        json!({ "orderId": order.id, "callbackUrl": "http://x@127.0.0.1:3000/" }),
        json!({ "orderId": order.id, "callbackUrl": "javascript:alert(1)" }),
        json!({ "orderId": order.id, "callbackUrl": "/relative" }),
    ] {
        pay(body).await.assert_error(400, "VALIDATION_ERROR");
    }
    app.world.change_due(order.id, "isPayable", json!(false));
    let body = json!({ "orderId": order.id });
    pay(body).await.assert_error(409, "INVALID_STATE");
    let keyless = app.ask_as(order.user, "customer", Method::POST, "/payments/initialize");
    let keyless = keyless.json(&json!({ "orderId": order.id })).reply().await;
    keyless.assert_error(400, "VALIDATION_ERROR");
    let nobody = app.request(Method::POST, "/api/v1/payments/initialize");
    let nobody = nobody
        .header("idempotency-key", "k")
        .json(&json!({ "orderId": order.id }))
        .reply()
        .await;
    nobody.assert_error(401, "AUTHENTICATION_ERROR");
    assert_eq!(app.count("payments").await, 0);
    assert_eq!(app.count("idempotency_keys").await, 0);
    assert_eq!(app.world.paystack.asked("initialize"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn buyers_are_sent_back_to_pages_of_the_shop_only() {
    let app = TestApp::start_with(&[
        (
            "CALLBACK_ORIGINS",
            "https://shop.example,http://localhost:5173",
        ),
        ("PUBLIC_URL", "https://api.shop.example/"),
        ("PAYSTACK__CHANNELS", "card,bank_transfer"),
    ])
    .await;
    for (callback, expected) in [
        (
            Some("https://shop.example/done?x=1"),
            "https://shop.example/done?x=1",
        ),
        (Some("http://localhost:5173/"), "http://localhost:5173/"),
        (None, "https://api.shop.example/api/v1/payments/callback"),
    ] {
        let order = app.world.order();
        let body = json!({ "orderId": order.id, "callbackUrl": callback, "amount": "1500.00" });
        let reply = app.initialize_with(order.user, "k", &body).await;
        reply.assert_success(200);
        let asked = app.world.paystack.questions("initialize");
        let asked: Value = serde_json::from_str(asked.last().unwrap()).unwrap();
        assert_eq!(asked["callback_url"], expected);
        assert_eq!(asked["channels"], json!(["card", "bank_transfer"]));
    }
    let order = app.world.order();
    let body = json!({ "orderId": order.id, "callbackUrl": "https://shop.example:444/" });
    let reply = app.initialize_with(order.user, "k", &body).await;
    reply.assert_error(400, "VALIDATION_ERROR");
}

#[tokio::test(flavor = "multi_thread")]
async fn r13_many_at_once_come_to_one_live_attempt() {
    let app = TestApp::start().await;
    let beside = TestApp::start_in(std::sync::Arc::clone(&app.world), &[]).await;
    for round in 0..5 {
        let order = app.world.order();
        let asking: Vec<_> = (0..8)
            .map(|number| {
                let one = if number % 2 == 0 { &app } else { &beside };
                let key = format!("k-{round}-{number}");
                async move { one.initialize(order, &key).await }
            })
            .collect();
        let replies = futures_util::future::join_all(asking).await;
        let mut references: Vec<String> = Vec::new();
        for reply in replies {
            match reply.status {
                200 => references.push(reply.data()["reference"].to_string()),
                _ => {
                    reply.assert_error(409, "CONFLICT");
                    assert_ne!(reply.header("retry-after"), "");
                }
            }
        }
        references.dedup();
        assert_eq!(references.len(), 1, "{references:?}");
        assert_eq!(app.world.paystack.asked("initialize"), round + 1);
    }
    assert_eq!(app.count("payments").await, 5);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_order_is_not_paid_again_unless_its_money_goes_back() {
    let app = TestApp::start().await;
    let paid = app.paid().await;
    let again = app.initialize(paid.order, "k2").await;
    again.assert_error(409, "INVALID_STATE");
    app.keep(&paid).await.unwrap();
    let again = app.initialize(paid.order, "k3").await;
    again.assert_error(409, "INVALID_STATE");
    let other = app.paid().await;
    app.give_up(&other, ids::new_id()).await.unwrap();
    let again = app.initialize(other.order, "k4").await;
    let data = again.assert_success(200);
    assert!(data["reference"].as_str().unwrap().ends_with("-2"));
    app.until_refunds(other.id, "processing", 1).await;
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_refuses_is_said_and_the_next_attempt_has_another_name() {
    let app = TestApp::start().await;
    let order = app.world.order();
    let refused = [Fault::Refuse("Invalid Email Address Passed")];
    app.world.paystack.fail("initialize", &refused);
    let reply = app.initialize(order, "k1").await;
    reply.assert_error(402, "PAYMENT_ERROR");
    assert_eq!(app.promised("payment.failed").await.len(), 0);
    let reply = app.initialize(order, "k1").await;
    let data = reply.assert_success(200);
    assert!(data["reference"].as_str().unwrap().ends_with("-2"));
    assert_eq!(app.world.paystack.asked("verify"), 0);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_being_away_is_said_and_the_same_key_works_afterwards() {
    let app = TestApp::start().await;
    let order = app.world.order();
    app.world.orders_go_away(true);
    let reply = app.initialize(order, "k1").await;
    reply.assert_error(503, "SERVICE_UNAVAILABLE");
    assert_ne!(reply.header("retry-after"), "");
    app.world.orders_go_away(false);
    app.initialize(order, "k1").await.assert_success(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_whose_time_is_over_makes_room_for_another_and_may_still_be_paid() {
    let app = TestApp::start().await;
    let old = app.begun().await;
    app.world.clock.advance(chrono::TimeDelta::minutes(16));
    let again = app.initialize(old.order, "k2").await;
    let data = again.assert_success(200).clone();
    assert!(data["reference"].as_str().unwrap().ends_with("-2"));
    assert_eq!(app.status_of(old.id).await, "abandoned");
    let said = app.promised("payment.failed").await;
    assert_eq!(said[0]["data"]["outcome"], "abandoned");
    // Both are paid; orders keeps one, and the other goes back.
    let new = crate::shop::Begun {
        id: data["paymentId"].as_str().unwrap().parse().unwrap(),
        reference: data["reference"].as_str().unwrap().to_owned(),
        order: old.order,
    };
    for one in [&new, &old] {
        app.world.paystack.pay(&one.reference);
        let told = app.world.paystack.charge_success(&one.reference);
        app.webhook(&told).await.assert_success(200);
        app.until_status(one.id, "paid").await;
    }
    app.keep(&new).await.unwrap();
    app.refuse(&old, ::events::orders::UnwantedCapture::AlreadyPaid)
        .await
        .unwrap();
    app.until_refunds(old.id, "processing", 1).await;
    app.world.paystack.finish_refunds();
    app.until_status(old.id, "refunded").await;
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_just_being_paid_is_not_begun_again() {
    let app = TestApp::start().await;
    let begun = app.begun().await;
    let url = app.world.db.admin_url();
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let capture = format!(
        "BEGIN; UPDATE payments.payments SET status = 'paid', gateway_id = '1', paid_amount = amount, paid_currency = 'NGN',
             paid_at = now() WHERE id = '{}'",
        begun.id
    );
    client.batch_execute(&capture).await.unwrap();
    let commit = async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        client.batch_execute("COMMIT").await.unwrap();
    };
    let (reply, ()) = tokio::join!(app.initialize(begun.order, "k2"), commit);
    reply.assert_error(409, "INVALID_STATE");
    assert_eq!(app.count("payments").await, 1);
}
