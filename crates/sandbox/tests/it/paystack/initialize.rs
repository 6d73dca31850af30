//! `POST /transaction/initialize`.

use reqwest::Method;
use serde_json::{Value, json};

use super::shop::{Shop, order, refused};
use crate::app::Answer;

const PARAMS: (&str, &str) = ("validation_error", "invalid_params");

#[tokio::test]
async fn a_transaction_is_made_and_abandoned_until_somebody_pays() {
    let shop = Shop::open();
    let answer = shop
        .post(
            "/transaction/initialize",
            &order(&json!({"reference": "order-1"})),
        )
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["status"], true);
    assert_eq!(answer.body["message"], "Authorization URL created");
    let data = &answer.body["data"];
    assert_eq!(data.as_object().unwrap().len(), 3, "{data}");
    assert_eq!(data["reference"], "order-1");
    let code = data["access_code"].as_str().unwrap();
    assert_eq!(
        data["authorization_url"],
        shop.sandbox.url(&format!("/checkout/{code}"))
    );
    let verified = shop.verify("order-1").await;
    assert_eq!(verified["status"], "abandoned");
    assert_eq!(verified["paid_at"], Value::Null);
    assert_eq!(verified["authorization"], json!({}));
    assert_eq!(verified["fees"], Value::Null);
    let facts = shop.facts("transaction").await;
    assert_eq!(facts.len(), 1);
    assert_eq!(
        (&facts[0]["event"], &facts[0]["amount"]),
        (&json!("initialized"), &json!(10_000))
    );
}

#[tokio::test]
async fn the_checkout_is_where_browsers_find_it() {
    let shop = Shop::open_with(&[("SANDBOX__PUBLIC_URL", "https://pay.shop.example/")]);
    let url = shop.initialize("a").await["authorization_url"].clone();
    assert!(
        url.as_str()
            .unwrap()
            .starts_with("https://pay.shop.example/checkout/"),
        "{url}"
    );
}

#[tokio::test]
async fn a_reference_is_made_up_if_none_is_given() {
    let shop = Shop::open();
    let one = shop.initialize_with(&json!({})).await;
    let other = shop.initialize_with(&json!({})).await;
    assert!(one["reference"].as_str().unwrap().len() >= 10, "{one}");
    assert_ne!(one["reference"], other["reference"]);
    assert_ne!(one["access_code"], other["access_code"]);
}

#[tokio::test]
async fn a_reference_is_used_once_whatever_became_of_it() {
    let shop = Shop::open();
    shop.initialize("a").await;
    let again = order(&json!({"reference": "a", "amount": 5}));
    let code = ("validation_error", "duplicate_reference");
    for outcome in ["pending", "failed", "success"] {
        let answer = shop.post("/transaction/initialize", &again).await;
        refused(&answer, 400, "Duplicate Transaction Reference", code);
        assert_eq!(
            answer.body["meta"]["nextStep"],
            "Try and create the Transaction or Charge with a new reference"
        );
        shop.ask("a/complete", &json!({"outcome": outcome})).await;
    }
    let answer = shop.post("/transaction/initialize", &again).await;
    refused(&answer, 400, "Duplicate Transaction Reference", code);
    assert_eq!(shop.verify("a").await["amount"], 10_000);
}

#[tokio::test]
async fn amounts_are_whole_subunits() {
    let shop = Shop::open();
    for amount in [json!(100), json!("100"), json!(100.0)] {
        let data = shop.initialize_with(&json!({"amount": amount})).await;
        let verified = shop.verify(data["reference"].as_str().unwrap()).await;
        assert_eq!(verified["amount"], json!(100), "{amount}");
        assert_eq!(verified["requested_amount"], json!(100), "{amount}");
    }
    for (amount, message) in [
        (json!(100.5), "\"amount\" must be an integer"),
        (json!("100.50"), "\"amount\" must be an integer"),
        (json!("many"), "\"amount\" must be an integer"),
        (json!(0), "Invalid Amount Sent"),
        (json!(-100), "Invalid Amount Sent"),
        (Value::Null, "Invalid Amount Sent"),
    ] {
        let answer = shop
            .post(
                "/transaction/initialize",
                &order(&json!({"amount": amount})),
            )
            .await;
        refused(&answer, 400, message, PARAMS);
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_in_the_vendors_words() {
    let shop = Shop::open();
    let missing = ("validation_error", "missing_params");
    let address = ("validation_error", "invalid_email_address");
    for (change, message, code) in [
        (json!({"email": null}), "Email Address is required", missing),
        (json!({"email": ""}), "Email Address is required", missing),
        (
            json!({"email": "ada"}),
            "Invalid Email Address Passed",
            address,
        ),
        (
            json!({"email": "ada@shop.local"}),
            "Invalid Email Address Passed",
            address,
        ),
        (
            json!({"email": "Ada <ada@example.com>"}),
            "Invalid Email Address Passed",
            address,
        ),
        (
            json!({"currency": "EUR"}),
            "Currency not supported by merchant",
            PARAMS,
        ),
        (
            json!({"currency": "ngn"}),
            "Currency not supported by merchant",
            PARAMS,
        ),
        (
            json!({"callback_url": "/back"}),
            "\"callback_url\" must be a valid uri",
            PARAMS,
        ),
        (
            json!({"callback_url": "javascript:alert(1)"}),
            "\"callback_url\" must be a valid uri",
            PARAMS,
        ),
    ] {
        let answer = shop.post("/transaction/initialize", &order(&change)).await;
        refused(&answer, 400, message, code);
    }
    for change in [
        json!({"reference": "a b"}),
        json!({"reference": "a/b"}),
        json!({"channels": ["cash"]}),
        json!({"channels": "card"}),
    ] {
        let answer = shop.post("/transaction/initialize", &order(&change)).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (400, &json!("invalid_params")),
            "{change}"
        );
    }
    assert!(shop.facts("transaction").await.is_empty());
    let refused = shop.facts("request").await;
    assert!(
        refused.iter().all(|fact| fact["outcome"] == "refused"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn the_currencies_of_the_account_are_taken() {
    let shop = Shop::open();
    for currency in ["NGN", "GHS", "KES", "ZAR", "USD", "XOF"] {
        let data = shop.initialize_with(&json!({"currency": currency})).await;
        let verified = shop.verify(data["reference"].as_str().unwrap()).await;
        assert_eq!(verified["currency"], currency);
    }
    let shop = Shop::open_with(&[("SANDBOX__PAYSTACK__CURRENCIES", "GHS,USD")]);
    let data = shop.initialize_with(&json!({"currency": null})).await;
    assert_eq!(
        shop.verify(data["reference"].as_str().unwrap()).await["currency"],
        "GHS"
    );
    let answer = shop
        .post("/transaction/initialize", &order(&json!({})))
        .await;
    refused(&answer, 400, "Currency not supported by merchant", PARAMS);
}

#[tokio::test]
async fn the_fraction_of_a_franc_is_ignored() {
    let shop = Shop::open();
    shop.initialize_with(&json!({"reference": "a", "currency": "XOF", "amount": 12_345}))
        .await;
    assert_eq!(shop.verify("a").await["amount"], 12_300);
    let too_little = order(&json!({"currency": "XOF", "amount": 99}));
    let answer = shop.post("/transaction/initialize", &too_little).await;
    refused(&answer, 400, "Invalid Amount Sent", PARAMS);
}

#[tokio::test]
async fn metadata_loses_its_types_as_an_object_and_keeps_them_as_text() {
    let shop = Shop::open();
    let sent = json!({"orderId": "x", "n": 42, "yes": true, "custom_fields": [{"value": 1}]});
    shop.initialize_with(&json!({"reference": "object", "metadata": sent}))
        .await;
    let texts =
        json!({"orderId": "x", "n": "42", "yes": "true", "custom_fields": [{"value": "1"}]});
    assert_eq!(shop.verify("object").await["metadata"], texts);
    shop.initialize_with(&json!({"reference": "text", "metadata": sent.to_string()}))
        .await;
    assert_eq!(shop.verify("text").await["metadata"], sent);
    shop.initialize_with(&json!({"reference": "none"})).await;
    assert_eq!(shop.verify("none").await["metadata"], "");
}

#[tokio::test]
async fn a_form_is_as_good_as_json() {
    let shop = Shop::open();
    let form = [
        ("email", "ada@example.com"),
        ("amount", "5000"),
        ("reference", "form"),
    ];
    let request = shop
        .request(Method::POST, "/transaction/initialize")
        .form(&form);
    assert_eq!(Answer::of(request).await.status, 200);
    assert_eq!(shop.verify("form").await["amount"], 5_000);
}

#[tokio::test]
async fn numbers_are_beyond_32_bits_and_exact_in_every_language() {
    let shop = Shop::open();
    shop.initialize("a").await;
    shop.initialize("b").await;
    let one = shop.verify("a").await["id"].as_u64().unwrap();
    let other = shop.verify("b").await["id"].as_u64().unwrap();
    assert!(one > u64::from(u32::MAX) && one < 1 << 53, "{one}");
    assert_eq!(other, one + 1);
}
