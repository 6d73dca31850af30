//! The key and the rate limit.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;

use super::shop::{KEY, Shop, order, refused};
use crate::app::{Answer, TestSandbox};

#[tokio::test]
async fn a_request_without_a_key_is_refused_in_few_words() {
    let shop = Shop::open();
    let url = shop.sandbox.url("/paystack/balance");
    let answer = Answer::of(shop.sandbox.client.get(url)).await;
    assert_eq!(answer.status, 401);
    let expected = json!({"status": false, "message": "No Authorization Header was found"});
    assert_eq!(answer.body, expected);
    assert_eq!(shop.facts("request").await[0]["outcome"], "refused");
}

#[tokio::test]
async fn a_wrong_key_is_refused() {
    let shop = Shop::open();
    for header in [
        "Bearer sk_test_other",
        &format!("Basic {KEY}"),
        KEY,
        "Bearer ",
    ] {
        let url = shop.sandbox.url("/paystack/transaction/verify/x");
        let request = shop.sandbox.client.get(url).header("authorization", header);
        let answer = Answer::of(request).await;
        refused(
            &answer,
            401,
            "Invalid key",
            ("validation_error", "invalid_Key"),
        );
        assert_eq!(
            answer.body["meta"]["nextStep"],
            "Ensure that you provide the correct authorization key for the request"
        );
    }
}

#[tokio::test]
async fn the_key_decides_about_the_world() {
    for (key, world) in [("sk_test_x", "test"), ("sk_live_x", "live")] {
        let sandbox = TestSandbox::start_with(&[("SANDBOX__PAYSTACK__SECRET_KEY", key)]);
        let url = sandbox.url("/paystack/transaction/initialize");
        let order = order(&json!({"reference": "a"}));
        let request = sandbox.client.post(url).bearer_auth(key).json(&order);
        assert_eq!(Answer::of(request).await.status, 200);
        let url = sandbox.url("/paystack/transaction/verify/a");
        let verified = Answer::of(sandbox.client.get(url).bearer_auth(key)).await;
        assert_eq!(verified.body["data"]["domain"], world);
    }
}

#[tokio::test]
async fn the_rate_limit_is_told_when_it_is_exceeded() {
    let shop = Shop::open_with(&[("SANDBOX__PAYSTACK__RATE_LIMIT", "2")]);
    for _ in 0..2 {
        let answer = shop.get("/balance").await;
        assert_eq!(answer.status, 200);
        assert!(!answer.headers.contains_key("x-ratelimit-limit"));
    }
    shop.sandbox.clock.advance(TimeDelta::seconds(15));
    let answer = shop.get("/balance").await;
    refused(
        &answer,
        429,
        "Rate limit exceeded!",
        ("api_error", "rate_limited"),
    );
    assert_eq!(answer.header("x-ratelimit-limit"), "2");
    assert_eq!(answer.header("x-ratelimit-remaining"), "0");
    assert_eq!(answer.header("x-ratelimit-reset"), "45");
    shop.sandbox.clock.advance(TimeDelta::seconds(45));
    assert_eq!(shop.get("/balance").await.status, 200);
}

#[tokio::test]
async fn nothing_is_limited_unless_told() {
    let shop = Shop::open();
    for _ in 0..150 {
        assert_eq!(shop.get("/balance").await.status, 200);
    }
}

#[tokio::test]
async fn what_is_not_offered_is_said() {
    let shop = Shop::open();
    let not_found = ("validation_error", "not_found");
    refused(&shop.get("/plan").await, 404, "Entity not found", not_found);
    let wrong_method = Answer::of(shop.request(Method::DELETE, "/transaction")).await;
    refused(&wrong_method, 404, "Entity not found", not_found);
}

#[tokio::test]
async fn a_body_that_is_none_is_refused() {
    let shop = Shop::open();
    for body in ["{", "[]", "7"] {
        let request = shop
            .request(Method::POST, "/transaction/initialize")
            .body(body);
        let answer = Answer::of(request).await;
        let code = ("validation_error", "invalid_params");
        refused(&answer, 400, "The request body must be a JSON object", code);
    }
    let mut huge = order(&json!({}));
    huge["metadata"] = json!("x".repeat(300_000));
    let answer = shop.post("/transaction/initialize", &huge).await;
    assert_eq!(answer.status, 400);
    assert!(shop.facts("transaction").await.is_empty());
}
