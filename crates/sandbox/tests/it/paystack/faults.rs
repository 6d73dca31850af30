//! What goes wrong on command.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use test_support::http::{RawResponse, send_raw};

use super::shop::{KEY, Shop, events, is_genuine, order, refused};
use crate::app::Answer;
use crate::receiver::{Received, Receiver};

/// Sends a request as bytes and reads what comes back.
async fn raw(shop: &Shop, path: &str, body: &Value) -> RawResponse {
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    send_raw(shop.sandbox.address, request.as_bytes()).await
}

#[tokio::test]
async fn a_dropped_initialize_was_executed() {
    let shop = Shop::open();
    shop.break_it(&json!({"initialize": {"dropAfterExecute": true, "times": 1}}))
        .await;
    let body = order(&json!({"reference": "a"}));
    let started = Instant::now();
    let answer = raw(&shop, "/paystack/transaction/initialize", &body).await;
    assert!(answer.is_empty(), "{}", answer.text());
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "the connection was closed"
    );
    let fact = &shop.facts("request").await[0];
    assert_eq!(
        (&fact["outcome"], &fact["fault"]),
        (&json!("executed"), &json!("dropAfterExecute"))
    );
    assert!(fact.get("status").is_none());
    let again = shop.post("/transaction/initialize", &body).await;
    let code = ("validation_error", "duplicate_reference");
    refused(&again, 400, "Duplicate Transaction Reference", code);
    assert_eq!(shop.verify("a").await["status"], "abandoned");
}

#[tokio::test]
async fn a_dropped_refund_was_executed_and_asking_again_refunds_again() {
    let shop = Shop::open();
    shop.paid("a").await;
    shop.break_it(&json!({"refund": {"dropAfterExecute": true, "times": 1}}))
        .await;
    let body = json!({"transaction": "a", "amount": 1_000});
    assert!(raw(&shop, "/paystack/refund", &body).await.is_empty());
    shop.refund(&body).await;
    assert_eq!(shop.get("/refund").await.body["meta"]["total"], 2);
}

#[tokio::test]
async fn errors_are_json_or_a_page_of_a_proxy() {
    let shop = Shop::open();
    for (fault, is_page) in [
        (json!({"status": 502}), true),
        (json!({"status": 503}), true),
        (json!({"status": 502, "html": false}), false),
        (json!({"status": 500}), false),
        (json!({"status": 500, "html": true}), true),
        (json!({"status": 400, "code": "some_code"}), false),
    ] {
        shop.break_it(&json!({"verify": fault})).await;
        let answer = shop
            .request(Method::GET, "/transaction/verify/a")
            .send()
            .await
            .unwrap();
        assert_eq!(json!(answer.status().as_u16()), fault["status"]);
        let kind = answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        let text = answer.text().await.unwrap();
        assert_eq!(kind.starts_with("text/html"), is_page, "{fault}: {kind}");
        assert_eq!(text.starts_with("<html>"), is_page, "{fault}: {text}");
        assert_eq!(text.contains("some_code"), fault["code"] == "some_code");
    }
}

#[tokio::test]
async fn an_error_executes_nothing_and_ends_after_its_times() {
    let shop = Shop::open();
    shop.break_it(&json!({"initialize": {"status": 500, "times": 2}}))
        .await;
    let body = order(&json!({"reference": "a"}));
    for _ in 0..2 {
        assert_eq!(
            shop.post("/transaction/initialize", &body).await.status,
            500
        );
    }
    assert!(shop.facts("transaction").await.is_empty());
    assert_eq!(
        shop.post("/transaction/initialize", &body).await.status,
        200
    );
}

#[tokio::test]
async fn a_429_by_fault_has_the_headers() {
    let shop = Shop::open();
    shop.break_it(&json!({"balance": {"status": 429}})).await;
    let answer = shop.get("/balance").await;
    refused(
        &answer,
        429,
        "Rate limit exceeded!",
        ("api_error", "rate_limited"),
    );
    for name in ["limit", "remaining", "reset"] {
        assert!(
            answer.headers.contains_key(format!("x-ratelimit-{name}")),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_request_that_hangs_does_nothing() {
    let shop = Shop::open();
    shop.break_it(&json!({"initialize": {"hang": true}})).await;
    let body = order(&json!({"reference": "a"}));
    let request = shop
        .request(Method::POST, "/transaction/initialize")
        .json(&body);
    let request = request.timeout(Duration::from_millis(200));
    assert!(request.send().await.unwrap_err().is_timeout());
    assert_eq!(shop.facts("request").await[0]["outcome"], "hung");
    assert!(shop.facts("transaction").await.is_empty());
}

#[tokio::test]
async fn a_slow_request_is_executed_even_if_nobody_waits() {
    let shop = Shop::open();
    shop.break_it(&json!({"initialize": {"latencyMs": 1500, "times": 1}}))
        .await;
    let body = order(&json!({"reference": "a"}));
    let request = shop
        .request(Method::POST, "/transaction/initialize")
        .json(&body);
    let impatient = request.timeout(Duration::from_millis(100));
    assert!(impatient.send().await.unwrap_err().is_timeout());
    assert_eq!(
        shop.get("/transaction/verify/a").await.status,
        400,
        "not yet"
    );
    for _ in 0..500 {
        if shop.get("/transaction/verify/a").await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it was not executed");
}

#[tokio::test]
async fn the_customer_is_charged_something_else() {
    let receiver = Receiver::start(&[]);
    let shop = Shop::told(&receiver);
    shop.break_it(&json!({"complete": {"amountDelta": -9_000, "currency": "GHS", "times": 1}}))
        .await;
    let paid = shop.paid("a").await;
    let shown = [
        &paid["amount"],
        &paid["requested_amount"],
        &paid["currency"],
    ];
    assert_eq!(shown, [&json!(1_000), &json!(10_000), &json!("GHS")]);
    let told = receiver.wait_for(1).await[0].json()["data"].clone();
    assert_eq!(
        (&told["amount"], &told["currency"]),
        (&json!(1_000), &json!("GHS"))
    );
    assert_eq!(shop.paid("b").await["amount"], 10_000);
}

#[tokio::test]
async fn a_webhook_or_an_answer_lies() {
    let receiver = Receiver::start(&[]);
    let shop = Shop::told(&receiver);
    shop.break_it(&json!({
        "webhook": {"amountDelta": 5, "currency": "EUR", "metadata": 0, "times": 1},
        "verify": {"amountDelta": -1, "times": 1},
    }))
    .await;
    let lied = shop.paid("a").await;
    assert_eq!(lied["amount"], 9_999);
    assert_eq!(shop.verify("a").await["amount"], 10_000);
    let received = receiver.wait_for(1).await;
    let told = received[0].json()["data"].clone();
    let shown = [&told["amount"], &told["currency"], &told["metadata"]];
    assert_eq!(shown, [&json!(10_005), &json!("EUR"), &json!(0)]);
    assert!(is_genuine(&received[0]), "the vendor itself says so");
}

#[tokio::test]
async fn a_webhook_comes_before_the_answer_that_it_is_about() {
    let receiver = Receiver::start(&[]);
    let shop = Shop::told(&receiver);
    shop.break_it(&json!({
        "initialize": {"webhookFirst": true, "times": 1},
        "complete": {"webhookFirst": true, "times": 1},
        "refund": {"webhookFirst": true, "times": 1},
    }))
    .await;
    shop.initialize("a").await;
    assert_eq!(
        receiver.received().len(),
        1,
        "it is there when the answer is"
    );
    assert_eq!(
        shop.verify("a").await["status"],
        "success",
        "it was paid for that"
    );
    shop.paid("b").await;
    assert_eq!(receiver.received().len(), 2);
    shop.refund(&json!({"transaction": "b"})).await;
    assert_eq!(events(&receiver.received())[2], "refund.pending");
}

#[tokio::test]
async fn webhook_first_does_not_wait_for_what_is_never_sent() {
    let receiver = Receiver::start(&[]);
    let shop = Shop::told(&receiver);
    shop.break_it(&json!({"complete": {"webhookFirst": true, "dropWebhooks": true}}))
        .await;
    shop.paid("a").await;
    let webhooks = shop.tried("a", 1).await;
    let attempt = &webhooks[0]["attempts"][0];
    assert_eq!(
        (&attempt["attempt"], &attempt["error"]),
        (&json!(0), &json!("dropped by a fault"))
    );
    assert!(receiver.received().is_empty());
}

async fn refunded_with(fault: &Value) -> (Vec<Received>, Shop) {
    let receiver = Receiver::start(&[]);
    let shop = Shop::told(&receiver);
    shop.paid("a").await;
    receiver.wait_for(1).await;
    shop.break_it(fault).await;
    shop.refund(&json!({"transaction": "a"})).await;
    (receiver.wait_for(4).await[1..].to_vec(), shop)
}

#[tokio::test]
async fn reordered_webhooks_about_a_refund_come_the_other_way_round() {
    for fault in [
        json!({"refund": {"reorderWebhooks": true}}),
        json!({"webhook": {"reorderWebhooks": true}}),
    ] {
        let (received, shop) = refunded_with(&fault).await;
        let expected = ["refund.processed", "refund.processing", "refund.pending"];
        assert_eq!(events(&received), expected, "{fault}");
        assert_eq!(shop.verify("a").await["status"], "reversed");
    }
}

#[tokio::test]
async fn a_webhook_that_is_held_back_for_nothing_comes_in_the_end() {
    let receiver = Receiver::start(&[]);
    let shop = Shop::told(&receiver);
    shop.break_it(&json!({"webhook": {"reorderWebhooks": true}}))
        .await;
    let started = Instant::now();
    shop.paid("a").await;
    receiver.wait_for(1).await;
    assert!(started.elapsed() >= Duration::from_secs(2));
}

#[tokio::test]
async fn delayed_webhooks_come_later() {
    let fault = json!({"webhook": {"delayWebhooksMs": 900, "times": 1}});
    let (received, _shop) = refunded_with(&fault).await;
    let expected = ["refund.processing", "refund.processed", "refund.pending"];
    assert_eq!(events(&received), expected);
}

#[tokio::test]
async fn duplicates_are_the_same_in_every_byte() {
    let receiver = Receiver::start(&[]);
    let shop = Shop::told(&receiver);
    shop.break_it(&json!({"complete": {"duplicateWebhooks": 3}}))
        .await;
    shop.paid("a").await;
    let received = receiver.wait_for(4).await;
    assert!(
        received
            .iter()
            .all(|one| one.body == received[0].body && is_genuine(one))
    );
    let webhooks = shop.tried("a", 4).await;
    assert_eq!(webhooks.len(), 1, "one webhook, four times");
}

#[tokio::test]
async fn a_forged_webhook_does_not_verify_and_a_truncated_one_does() {
    let receiver = Receiver::start(&[]);
    let shop = Shop::told(&receiver);
    for (fault, reference) in [
        (json!({"forgeSignature": true, "times": 1}), "a"),
        (json!({"truncateBody": true, "times": 1}), "b"),
        (json!({"event": "charge.unheard_of", "times": 1}), "c"),
    ] {
        shop.break_it(&json!({"webhook": fault})).await;
        shop.paid(reference).await;
        shop.tried(reference, 1).await;
    }
    let received = receiver.wait_for(3).await;
    assert!(!is_genuine(&received[0]) && received[0].signature.len() == 128);
    assert_eq!(shop.whole("a").await["webhooks"][0]["isForged"], true);
    assert!(is_genuine(&received[1]));
    assert!(serde_json::from_slice::<Value>(&received[1].body).is_err());
    assert_eq!(received[2].json()["event"], "charge.unheard_of");
}

#[tokio::test]
async fn the_control_suffers_as_well() {
    let shop = Shop::open();
    shop.initialize("a").await;
    shop.break_it(&json!({"complete": {"status": 503, "html": false, "times": 1}}))
        .await;
    assert_eq!(shop.ask("a/complete", &json!({})).await.status, 503);
    assert_eq!(shop.verify("a").await["status"], "abandoned");
    shop.break_it(&json!({"complete": {"dropAfterExecute": true, "times": 1}}))
        .await;
    let answer = raw(&shop, "/_sandbox/paystack/a/complete", &json!({})).await;
    assert!(answer.is_empty(), "{}", answer.text());
    assert_eq!(shop.verify("a").await["status"], "success");
    shop.mend_it().await;
    shop.paid("b").await;
}

#[tokio::test]
async fn faults_of_both_vendors_stand_side_by_side() {
    let shop = Shop::open();
    let plan = json!({"resend": {"send": {"hang": true}}, "paystack": {"verify": {"status": 500}}});
    shop.sandbox.break_it(&plan).await;
    let shown = shop.sandbox.control("/_sandbox/faults").await;
    assert_eq!(shown["paystack"]["verify"]["status"], 500);
    assert_eq!(shown["resend"]["send"]["hang"], true);
    let url = shop.sandbox.url("/_sandbox/faults");
    let bad = json!({"paystack": {"verify": {"dropWebhooks": true}}});
    let answer = Answer::of(shop.sandbox.client.put(url).json(&bad)).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.body["error"]
            .as_str()
            .unwrap()
            .contains("paystack.verify"),
        "{}",
        answer.body
    );
}
