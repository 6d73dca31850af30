//! `GET /transaction/verify/:reference` and `GET /transaction/:id`.

use serde_json::{Value, json};

use super::shop::{Shop, refused};

const VERIFIED: [&str; 32] = [
    "amount",
    "authorization",
    "channel",
    "connect",
    "createdAt",
    "created_at",
    "currency",
    "customer",
    "domain",
    "fees",
    "fees_breakdown",
    "fees_split",
    "gateway_response",
    "id",
    "ip_address",
    "log",
    "message",
    "metadata",
    "order_id",
    "paidAt",
    "paid_at",
    "plan",
    "plan_object",
    "pos_transaction_data",
    "receipt_number",
    "reference",
    "requested_amount",
    "source",
    "split",
    "status",
    "subaccount",
    "transaction_date",
];

fn names(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[tokio::test]
async fn a_paid_transaction_has_everything() {
    let shop = Shop::open();
    let paid = shop.paid("a").await;
    assert_eq!(names(&paid), VERIFIED);
    assert_eq!(paid["status"], "success");
    assert_eq!(
        (&paid["amount"], &paid["fees"]),
        (&json!(10_000), &json!(150))
    );
    assert_eq!(paid["gateway_response"], "Successful");
    assert_eq!(paid["channel"], "card");
    for name in [
        "paid_at",
        "paidAt",
        "created_at",
        "createdAt",
        "transaction_date",
    ] {
        let text = paid[name].as_str().unwrap();
        assert_eq!(
            (text.len(), text.ends_with('Z')),
            (24, true),
            "{name}: {text}"
        );
    }
    assert_eq!(paid["paid_at"], paid["paidAt"]);
    let card = &paid["authorization"];
    let shown = [
        &card["bin"],
        &card["last4"],
        &card["card_type"],
        &card["reusable"],
    ];
    assert_eq!(
        shown,
        [
            &json!("408408"),
            &json!("4081"),
            &json!("visa "),
            &json!(true)
        ]
    );
    assert!(
        card["authorization_code"]
            .as_str()
            .unwrap()
            .starts_with("AUTH_")
    );
    let customer = &paid["customer"];
    assert_eq!(customer["email"], "ada@example.com");
    assert!(
        customer["customer_code"]
            .as_str()
            .unwrap()
            .starts_with("CUS_")
    );
    assert_eq!(paid["log"]["attempts"], 1);
    assert_eq!(
        paid["log"]["history"][1]["message"],
        "Successfully paid with card"
    );
    for (name, expected) in [
        ("plan", Value::Null),
        ("plan_object", json!({})),
        ("split", json!({})),
        ("subaccount", json!({})),
        ("source", Value::Null),
    ] {
        assert_eq!(paid[name], expected, "{name}");
    }
}

#[tokio::test]
async fn every_state_can_be_seen() {
    let shop = Shop::open();
    for outcome in [
        "abandoned",
        "ongoing",
        "pending",
        "processing",
        "queued",
        "failed",
        "success",
    ] {
        let seen = shop
            .paid_with(&json!({"reference": outcome}), &json!({"outcome": outcome}))
            .await;
        assert_eq!(seen["status"], outcome);
        assert_eq!(
            seen["paid_at"].is_string(),
            outcome == "success",
            "{outcome}"
        );
        assert_eq!(
            seen["authorization"] == json!({}),
            outcome != "success",
            "{outcome}"
        );
    }
    let failed = shop.verify("failed").await;
    assert_eq!(failed["gateway_response"], "Declined");
    assert_eq!(
        (&failed["log"]["success"], &failed["log"]["errors"]),
        (&json!(false), &json!(1))
    );
    // The two states of money that goes back are in `refunds`.
}

#[tokio::test]
async fn each_channel_leaves_its_trace_and_its_own_words() {
    let shop = Shop::open();
    let mut responses = Vec::new();
    for channel in ["card", "bank_transfer", "ussd", "mobile_money", "eft"] {
        let paid = shop
            .paid_with(&json!({"reference": channel}), &json!({"channel": channel}))
            .await;
        assert_eq!(paid["channel"], channel);
        assert_eq!(paid["authorization"]["channel"], channel);
        responses.push(paid["gateway_response"].as_str().unwrap().to_owned());
    }
    responses.dedup();
    assert!(
        responses.len() >= 4,
        "nobody may compare them: {responses:?}"
    );
}

#[tokio::test]
async fn what_is_not_known_is_not_found_in_two_ways() {
    let shop = Shop::open();
    shop.initialize("a").await;
    let answer = shop.get("/transaction/verify/b").await;
    let code = ("validation_error", "transaction_not_found");
    refused(&answer, 400, "Transaction reference not found.", code);
    let params = ("validation_error", "invalid_params");
    let empty = shop.get("/transaction/verify/").await;
    refused(&empty, 400, "Transaction ID should be numeric.", params);
    refused(
        &shop.get("/transaction/a").await,
        400,
        "Transaction ID should be numeric.",
        params,
    );
    let unknown = shop.get("/transaction/7").await;
    refused(
        &unknown,
        404,
        "Transaction not found",
        ("validation_error", "not_found"),
    );
}

#[tokio::test]
async fn a_transaction_is_fetched_by_its_number() {
    let shop = Shop::open();
    let paid = shop.paid("a").await;
    let answer = shop.get(&format!("/transaction/{}", paid["id"])).await;
    assert_eq!(answer.body["message"], "Transaction retrieved");
    let data = &answer.body["data"];
    assert_eq!(
        (&data["reference"], &data["plan"]),
        (&json!("a"), &json!({}))
    );
    assert_eq!(data["source"]["entry_point"], "transaction_initialize");
    assert!(data.get("plan_object").is_none());
}

#[tokio::test]
async fn a_customer_is_the_same_each_time() {
    let shop = Shop::open();
    let (one, two) = (shop.paid("a").await, shop.paid("b").await);
    assert_eq!(one["customer"], two["customer"]);
    let other = shop
        .paid_with(
            &json!({"reference": "c", "email": "bob@example.com"}),
            &json!({}),
        )
        .await;
    assert_ne!(one["customer"]["id"], other["customer"]["id"]);
}
