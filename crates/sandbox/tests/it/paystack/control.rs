//! Completing payments, and what is known about them.

use serde_json::{Value, json};

use super::shop::Shop;
use crate::receiver::Receiver;

#[tokio::test]
async fn a_pending_payment_can_succeed_later() {
    let receiver = Receiver::start(&[]);
    let shop = Shop::told(&receiver);
    shop.initialize("a").await;
    let pending = json!({"channel": "bank_transfer", "outcome": "pending"});
    let answer = shop.ask("a/complete", &pending).await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (200, &json!("pending"))
    );
    assert!(receiver.received().is_empty());
    let success = json!({"channel": "bank_transfer", "outcome": "success"});
    let answer = shop.ask("a/complete", &success).await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (200, &json!("success"))
    );
    assert_eq!(answer.body["fees"], 150);
    receiver.wait_for(1).await;
    let facts = shop.facts("transaction").await;
    let steps: Vec<_> = facts
        .iter()
        .map(|fact| {
            (
                fact["event"].as_str().unwrap(),
                fact["status"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("initialized", "abandoned"),
        ("completed", "pending"),
        ("completed", "success"),
    ];
    assert_eq!(steps, expected);
}

#[tokio::test]
async fn a_failed_or_abandoned_payment_can_succeed_too_and_a_paid_one_only_once() {
    let shop = Shop::open();
    for outcome in ["failed", "abandoned"] {
        shop.paid_with(&json!({"reference": outcome}), &json!({"outcome": outcome}))
            .await;
        let answer = shop.ask(&format!("{outcome}/complete"), &json!({})).await;
        assert_eq!(answer.body["status"], "success");
        for again in ["success", "failed"] {
            let answer = shop
                .ask(&format!("{outcome}/complete"), &json!({"outcome": again}))
                .await;
            assert_eq!(
                (answer.status, &answer.body["error"]),
                (409, &json!("this transaction is paid"))
            );
        }
        assert_eq!(shop.verify(outcome).await["status"], "success");
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let shop = Shop::open();
    shop.initialize_with(&json!({"reference": "a", "channels": ["card", "ussd"]}))
        .await;
    for (path, body, status) in [
        ("b/complete", json!({}), 404),
        ("a/complete", json!({"outcome": "maybe"}), 400),
        ("a/complete", json!({"channel": "cash"}), 400),
        ("a/complete", json!({"channel": "qr"}), 400),
        ("a/complete", json!({"channel": "eft"}), 400),
        ("a/complete", json!({"status": "success"}), 400),
        ("a/complete", json!({"card": "4242424242424242"}), 400),
        (
            "a/complete",
            json!({"channel": "ussd", "card": "4084084084084081"}),
            400,
        ),
        ("a/complete", json!([]), 400),
    ] {
        let answer = shop.ask(path, &body).await;
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.body);
        assert!(answer.body["error"].is_string(), "{}", answer.body);
    }
    assert_eq!(shop.verify("a").await["status"], "abandoned");
    let unknown = shop.sandbox.url("/_sandbox/paystack/b");
    let answer = shop.sandbox.client.get(unknown).send().await.unwrap();
    assert_eq!(answer.status(), 404);
}

#[tokio::test]
async fn a_card_decides_unless_told_otherwise() {
    let shop = Shop::open();
    let declined = json!({"card": "4084 0800 0067 0037"});
    let seen = shop.paid_with(&json!({"reference": "a"}), &declined).await;
    assert_eq!(seen["status"], "failed");
    assert_eq!(seen["gateway_response"], "Insufficient Funds");
    let verve = json!({"card": "507850785078507812"});
    let seen = shop.paid_with(&json!({"reference": "b"}), &verve).await;
    assert_eq!(
        (&seen["status"], &seen["authorization"]["brand"]),
        (&json!("success"), &json!("verve"))
    );
}

#[tokio::test]
async fn everything_about_a_transaction_is_shown() {
    let receiver = Receiver::start(&[500]);
    let shop = Shop::told(&receiver);
    let order = json!({"reference": "a", "callback_url": "https://shop.example/back",
        "metadata": {"orderId": "7"}});
    let paid = shop.paid_with(&order, &json!({})).await;
    let webhooks = shop.tried("a", 2).await;
    let attempts = webhooks[0]["attempts"].as_array().unwrap();
    assert_eq!(
        (&attempts[0]["status"], &attempts[1]["status"]),
        (&json!(500), &json!(200))
    );
    let whole = shop.whole("a").await;
    let transaction = &whole["transaction"];
    for (name, expected) in [
        ("id", paid["id"].clone()),
        ("reference", json!("a")),
        ("status", json!("success")),
        ("requestedAmount", json!(10_000)),
        ("amount", json!(10_000)),
        ("currency", json!("NGN")),
        ("channel", json!("card")),
        ("refunded", json!(0)),
        ("callbackUrl", json!("https://shop.example/back")),
        ("metadata", json!({"orderId": "7"})),
        ("settlement", Value::Null),
    ] {
        assert_eq!(transaction[name], expected, "{name}");
    }
    assert!(
        transaction["checkoutUrl"]
            .as_str()
            .unwrap()
            .contains("/checkout/")
    );
    assert_eq!(
        (&whole["refunds"], &whole["disputes"]),
        (&json!([]), &json!([]))
    );
}

#[tokio::test]
async fn the_journal_tells_what_happened_in_order() {
    let receiver = Receiver::start(&[]);
    let shop = Shop::told(&receiver);
    shop.paid("a").await;
    shop.tried("a", 1).await;
    let journal = shop
        .sandbox
        .control("/_sandbox/journal?vendor=paystack")
        .await;
    let kinds: Vec<_> = journal
        .as_array()
        .unwrap()
        .iter()
        .filter(|fact| fact["operation"] != "verify")
        .map(|fact| {
            (
                fact["kind"].as_str().unwrap(),
                fact["event"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    let expected = [
        ("transaction", "initialized"),
        ("request", ""),
        ("transaction", "completed"),
        ("webhook", ""),
    ];
    assert_eq!(kinds, expected);
    assert!(
        journal
            .as_array()
            .unwrap()
            .iter()
            .all(|fact| fact["vendor"] == "paystack")
    );
    assert_eq!(shop.sandbox.facts("mail").await, Vec::<Value>::new());
}
