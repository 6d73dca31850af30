//! What the shop is told.

use serde_json::{Value, json};

use super::shop::{Shop, events, is_genuine};
use crate::receiver::{Received, Receiver};

#[tokio::test]
async fn a_payment_is_told_and_signed_over_the_very_bytes() {
    let receiver = Receiver::start(&[]);
    let shop = Shop::told(&receiver);
    let order = json!({"reference": "a", "metadata": {"orderId": "Adé / \"x\""}});
    let paid = shop
        .paid_with(&order, &json!({"channel": "card", "outcome": "success"}))
        .await;
    let received = receiver.wait_for(1).await;
    assert!(is_genuine(&received[0]));
    assert_eq!(received[0].signature.len(), 128);
    assert!(
        received[0]
            .signature
            .chars()
            .all(|c| c.is_ascii_digit() || c.is_ascii_lowercase())
    );
    assert_eq!(received[0].content_type, "application/json");
    let text = String::from_utf8(received[0].body.clone()).unwrap();
    assert!(
        text.starts_with("{\"event\":\"charge.success\",\"data\":{"),
        "{text}"
    );
    let data = received[0].json()["data"].clone();
    for name in [
        "id",
        "reference",
        "amount",
        "currency",
        "status",
        "domain",
        "fees",
        "paid_at",
        "metadata",
        "customer",
        "authorization",
        "requested_amount",
    ] {
        assert_eq!(data[name], paid[name], "{name}");
    }
    let webhooks = shop.tried("a", 1).await;
    assert_eq!(
        (&webhooks[0]["event"], &webhooks[0]["isDelivered"]),
        (&json!("charge.success"), &json!(true))
    );
    assert_eq!(webhooks[0]["attempts"][0]["status"], 200);
    let fact = &shop.facts("webhook").await[0];
    assert_eq!(
        (&fact["type"], &fact["subject"]),
        (&json!("charge.success"), &json!("a"))
    );
    assert_eq!(
        (&fact["attempt"], &fact["status"]),
        (&json!(1), &json!(200))
    );
}

#[tokio::test]
async fn nothing_but_success_is_told() {
    let receiver = Receiver::start(&[]);
    let shop = Shop::told(&receiver);
    for outcome in ["failed", "abandoned", "pending", "ongoing"] {
        shop.paid_with(&json!({"reference": outcome}), &json!({"outcome": outcome}))
            .await;
        assert_eq!(
            shop.whole(outcome).await["webhooks"],
            json!([]),
            "{outcome}"
        );
    }
    shop.ask("pending/complete", &json!({})).await;
    let received = receiver.wait_for(1).await;
    assert_eq!(events(&received), ["charge.success"]);
    assert_eq!(received[0].json()["data"]["reference"], "pending");
}

#[tokio::test]
async fn only_200_ends_the_tries() {
    let receiver = Receiver::start(&[500, 201, 204, 302, 404, 200, 500, 500, 500, 500, 500]);
    let shop = Shop::told(&receiver);
    shop.paid("a").await;
    let received = receiver.wait_for(6).await;
    assert!(
        received
            .iter()
            .all(|one| is_genuine(one) && one.body == received[0].body)
    );
    let webhooks = shop.tried("a", 6).await;
    let attempts = webhooks[0]["attempts"].as_array().unwrap();
    let seen: Vec<_> = attempts
        .iter()
        .map(|one| {
            (
                one["attempt"].as_u64().unwrap(),
                one["status"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [(1, 500), (2, 201), (3, 204), (4, 302), (5, 404), (6, 200)]
    );
    // The sixth try of another one comes later than a seventh of the first would have.
    shop.paid("b").await;
    let received = receiver.wait_for(12).await;
    let of_first = |one: &&Received| one.json()["data"]["reference"] == "a";
    assert_eq!(received.iter().filter(of_first).count(), 6);
}

#[tokio::test]
async fn four_tries_come_soon_and_the_others_take_their_time() {
    let shop = Shop::open_with(&[
        // Nobody listens there.
        ("SANDBOX__PAYSTACK__WEBHOOK_URL", "http://127.0.0.1:9/hooks"),
        // 3 minutes are 180 µs, an hour is 3.6 ms.
        ("SANDBOX__PAYSTACK__WEBHOOK_SPEEDUP", "1000000"),
    ]);
    shop.paid("a").await;
    // At once, 4 times after 3 minutes, 72 times after an hour.
    let webhooks = shop.tried("a", 77).await;
    let attempts = webhooks[0]["attempts"].as_array().unwrap();
    assert!(
        attempts
            .iter()
            .all(|one| one["error"].is_string() && one["status"] == Value::Null)
    );
    assert_eq!(webhooks[0]["isDelivered"], false);
    assert_eq!(attempts.last().unwrap()["attempt"], 77);
}

#[tokio::test]
async fn too_many_webhooks_are_not_kept() {
    let receiver = Receiver::start(&[500; 100]);
    let shop = Shop::open_with(&[
        ("SANDBOX__PAYSTACK__WEBHOOK_URL", &receiver.url()),
        ("SANDBOX__PAYSTACK__WEBHOOKS_MAX", "1"),
    ]);
    shop.paid("a").await;
    shop.paid("b").await;
    let webhooks = shop.tried("b", 1).await;
    assert_eq!(webhooks[0]["attempts"][0]["attempt"], 0);
    assert_eq!(webhooks[0]["attempts"][0]["error"], "too many are waiting");
}

#[tokio::test]
async fn a_shop_that_listens_to_nothing_is_told_nothing() {
    let shop = Shop::open();
    shop.paid("a").await;
    assert_eq!(shop.whole("a").await["webhooks"], json!([]));
}
