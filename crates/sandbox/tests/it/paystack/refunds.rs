//! Refunds and their lives.

use serde_json::{Value, json};

use super::shop::{Shop, events, is_genuine, refused, texts};
use crate::receiver::{Received, Receiver};

const PARAMS: (&str, &str) = ("validation_error", "invalid_params");
const TOO_MUCH: &str = "Total refund amount cannot exceed original transaction amount";

#[tokio::test]
async fn a_full_refund_reverses_its_transaction() {
    let shop = Shop::open_with_slow_refunds();
    let paid = shop.paid("a").await;
    let answer = shop.post("/refund", &json!({"transaction": "a"})).await;
    assert_eq!(
        answer.body["message"],
        "Refund has been queued for processing"
    );
    let refund = &answer.body["data"];
    assert_eq!(refund["transaction"]["id"], paid["id"]);
    assert_eq!(refund["transaction"]["reference"], "a");
    for (name, expected) in [
        ("status", json!("pending")),
        ("amount", json!(10_000)),
        ("deducted_amount", json!(0)),
        ("fully_deducted", json!(false)),
        ("channel", Value::Null),
        ("currency", json!("NGN")),
        ("domain", json!("test")),
        ("customer_note", json!("Refund for transaction a")),
        (
            "merchant_note",
            json!("Refund for transaction a by merchant@example.com"),
        ),
    ] {
        assert_eq!(refund[name], expected, "{name}");
    }
    assert!(refund["expected_at"].is_string() && refund["createdAt"].is_string());
    assert_eq!(shop.verify("a").await["status"], "reversal-pending");
    shop.refund_becomes(&refund["id"], "processing").await;
    assert_eq!(shop.verify("a").await["status"], "reversal-pending");
    let done = shop.refund_becomes(&refund["id"], "processed").await;
    assert_eq!(
        (&done["transaction"], &done["fully_deducted"]),
        (&paid["id"], &json!(true))
    );
    assert_eq!(done["deducted_amount"], 10_000);
    assert!(done["refunded_at"].is_string());
    assert_eq!(shop.verify("a").await["status"], "reversed");
    let facts = shop.facts("refund").await;
    let statuses: Vec<_> = facts
        .iter()
        .map(|fact| fact["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["pending", "processing", "processed"]);
}

#[tokio::test]
async fn parts_can_be_refunded_until_nothing_is_left() {
    let shop = Shop::open_with_slow_refunds();
    let paid = shop.paid("a").await;
    let part = json!({"transaction": paid["id"], "amount": 4_000, "currency": "NGN",
        "customer_note": "Sorry", "merchant_note": "Late"});
    let one = shop.refund(&part).await;
    assert_eq!(
        (&one["customer_note"], &one["merchant_note"]),
        (&json!("Sorry"), &json!("Late"))
    );
    shop.refund_becomes(&one["id"], "processed").await;
    assert_eq!(shop.verify("a").await["status"], "success");
    for body in [
        json!({"transaction": "a"}),
        json!({"transaction": "a", "amount": 6_001}),
    ] {
        refused(&shop.post("/refund", &body).await, 400, TOO_MUCH, PARAMS);
    }
    let rest = shop
        .refund(&json!({"transaction": "a", "amount": "6000"}))
        .await;
    refused(
        &shop
            .post("/refund", &json!({"transaction": "a", "amount": 1}))
            .await,
        400,
        TOO_MUCH,
        PARAMS,
    );
    shop.refund_becomes(&rest["id"], "processed").await;
    assert_eq!(shop.verify("a").await["status"], "reversed");
    let over = shop
        .post("/refund", &json!({"transaction": "a", "amount": 1}))
        .await;
    let code = ("api_error", "transaction_reversed");
    refused(&over, 400, "Transaction has been fully reversed", code);
}

#[tokio::test]
async fn what_cannot_be_refunded_is_said() {
    let shop = Shop::open();
    shop.paid("a").await;
    shop.initialize("unpaid").await;
    shop.paid_with(&json!({"reference": "ghs", "currency": "GHS"}), &json!({}))
        .await;
    let missing = ("validation_error", "missing_params");
    let minimum = "The minimum amount you may send in a single refund at this time is: GHS1.00";
    let currency = "Transaction currency must match refund currency";
    for (body, status, message, code) in [
        (json!({}), 400, "transaction is required", missing),
        (
            json!({"transaction": "b"}),
            404,
            "Transaction not found",
            ("validation_error", "not_found"),
        ),
        (
            json!({"transaction": "a", "currency": "GHS"}),
            400,
            currency,
            PARAMS,
        ),
        (
            json!({"transaction": "a", "amount": 10_001}),
            400,
            TOO_MUCH,
            PARAMS,
        ),
        (
            json!({"transaction": "a", "amount": 0}),
            400,
            "Invalid Amount Sent",
            PARAMS,
        ),
        (
            json!({"transaction": "a", "amount": 1.5}),
            400,
            "\"amount\" must be an integer",
            PARAMS,
        ),
        (
            json!({"transaction": "ghs", "amount": 99}),
            400,
            minimum,
            PARAMS,
        ),
        (
            json!({"transaction": "unpaid"}),
            400,
            "Only successful transactions can be refunded",
            PARAMS,
        ),
    ] {
        refused(&shop.post("/refund", &body).await, status, message, code);
    }
    assert!(shop.facts("refund").await.is_empty());
}

#[tokio::test]
async fn a_refund_that_fails_leaves_the_transaction_paid() {
    let shop = Shop::open();
    let card = json!({"channel": "card", "card": "4084 0800 0067 1803"});
    shop.paid_with(&json!({"reference": "a"}), &card).await;
    let refund = shop.refund(&json!({"transaction": "a"})).await;
    shop.refund_becomes(&refund["id"], "failed").await;
    assert_eq!(shop.verify("a").await["status"], "success");
    let again = shop.refund(&json!({"transaction": "a"})).await;
    assert_ne!(again["id"], refund["id"], "the money is there again");
}

#[tokio::test]
async fn a_refund_that_needs_attention_waits_until_it_is_tried_again() {
    let shop = Shop::open_with_slow_refunds();
    let fate = json!({"refundOutcome": "needs-attention"});
    shop.paid_with(&json!({"reference": "a"}), &fate).await;
    let refund = shop.refund(&json!({"transaction": "a"})).await;
    let path = format!("/refund/retry_with_customer_details/{}", refund["id"]);
    let details = json!({"refund_account_details":
        {"currency": "NGN", "account_number": "1234567890", "bank_id": "9"}});
    let early = shop.post(&path, &details).await;
    let sentence = "Invalid Refund state, refund status should be \"needs-attention\"";
    refused(&early, 422, sentence, PARAMS);
    shop.refund_becomes(&refund["id"], "needs-attention").await;
    assert_eq!(shop.verify("a").await["status"], "reversal-pending");
    let incomplete = shop
        .post(
            &path,
            &json!({"refund_account_details": {"currency": "NGN"}}),
        )
        .await;
    let code = ("validation_error", "missing_params");
    refused(
        &incomplete,
        400,
        "refund_account_details.account_number is required",
        code,
    );
    let answer = shop.post(&path, &details).await;
    assert_eq!(
        answer.body["message"],
        "Refund retried and has been queued for processing"
    );
    assert_eq!(answer.body["data"]["status"], "processing");
    shop.refund_becomes(&refund["id"], "processed").await;
    assert_eq!(shop.verify("a").await["status"], "reversed");
    refused(&shop.post(&path, &details).await, 422, sentence, PARAMS);
}

#[tokio::test]
async fn refunds_are_listed_and_found_by_their_own_number() {
    let shop = Shop::open();
    let paid = shop.paid("a").await;
    shop.paid("b").await;
    let mut ids = Vec::new();
    for (reference, amount) in [("a", 100), ("b", 200), ("a", 300)] {
        let refund = shop
            .refund(&json!({"transaction": reference, "amount": amount}))
            .await;
        shop.refund_becomes(&refund["id"], "processed").await;
        ids.push(refund["id"].clone());
    }
    let all = shop.get("/refund?perPage=2").await.body;
    assert_eq!(all["message"], "Refunds retrieved");
    assert_eq!(
        all["meta"],
        json!({"total": 3, "skipped": 0, "perPage": 2, "page": 1, "pageCount": 2})
    );
    let amounts = |body: &Value| -> Vec<u64> {
        let rows = body["data"].as_array().unwrap().iter();
        rows.map(|row| row["amount"].as_u64().unwrap()).collect()
    };
    assert_eq!(amounts(&all), [300, 200]);
    let row = &all["data"][0];
    assert_eq!(
        (&row["transaction"], &row["fully_deducted"]),
        (&paid["id"], &json!(1))
    );
    assert!(row["created_at"].is_string() && row.get("createdAt").is_none());
    let of_one = shop
        .get(&format!("/refund?transaction={}", paid["id"]))
        .await
        .body;
    assert_eq!(
        (amounts(&of_one), &of_one["meta"]["total"]),
        (vec![300, 100], &json!(2))
    );
    let by_reference = shop.get("/refund?transaction=a").await.body;
    assert_eq!(by_reference["data"], json!([]), "a reference is no number");
    let one = shop.get(&format!("/refund/{}", ids[0])).await.body;
    assert_eq!(
        (&one["message"], &one["data"]["amount"]),
        (&json!("Refund retrieved"), &json!(100))
    );
    assert!(one["data"]["createdAt"].is_string());
    assert_eq!(shop.get("/refund/7").await.status, 404);
    assert_eq!(shop.get("/refund/a").await.status, 400);
}

async fn told(fate: &str) -> Vec<Received> {
    let receiver = Receiver::start(&[]);
    let shop = Shop::told(&receiver);
    shop.paid_with(&json!({"reference": "a"}), &json!({"refundOutcome": fate}))
        .await;
    shop.refund(&json!({"transaction": "a", "amount": 5_000}))
        .await;
    let mut received = receiver.wait_for(4).await;
    assert!(received.iter().all(is_genuine));
    received.retain(|one| one.json()["event"] != "charge.success");
    received
}

#[tokio::test]
async fn a_refunds_steps_are_told_as_documented() {
    let received = told("processed").await;
    assert_eq!(
        events(&received),
        ["refund.pending", "refund.processing", "refund.processed"]
    );
    for one in &received {
        let data = one.json()["data"].clone();
        assert_eq!(data["transaction_reference"], "a");
        assert_eq!(data["amount"], "5000", "a text");
        assert_eq!(data["customer"]["email"], "ada@example.com");
        assert_eq!(data["processor"], "instant-transfer");
        assert!(
            data.get("reference").is_none() && data.get("id").is_none(),
            "{data}"
        );
        assert_eq!(
            data["refund_reference"].is_string(),
            data["status"] == "processed"
        );
    }
}

#[tokio::test]
async fn a_refund_that_fails_or_is_stuck_is_told_in_another_shape() {
    let failed = told("failed").await;
    assert_eq!(events(&failed)[2], "refund.failed");
    assert_eq!(failed[2].json()["data"]["amount"], 5_000);
    let stuck = told("needs-attention").await;
    assert_eq!(events(&stuck)[2], "refund.needs-attention");
    let data = stuck[2].json()["data"].clone();
    assert_eq!(data["amount"], 5_000);
    assert!(
        data["id"].is_string() && data.get("processor").is_none(),
        "{data}"
    );
}

#[tokio::test]
async fn the_control_shows_refunds_with_their_transaction() {
    let shop = Shop::open();
    shop.paid("a").await;
    let refund = shop
        .refund(&json!({"transaction": "a", "amount": 100}))
        .await;
    shop.refund_becomes(&refund["id"], "processed").await;
    let whole = shop.whole("a").await;
    assert_eq!(texts(&whole["refunds"], "status"), ["processed"]);
    assert_eq!(whole["transaction"]["refunded"], 100);
}
