//! Disputes: opened by the control, answered through the API.

use reqwest::Method;
use serde_json::{Value, json};

use super::shop::{Shop, events, is_genuine, refused};
use crate::receiver::Receiver;

async fn disputed(shop: &Shop, reference: &str) -> Value {
    shop.paid(reference).await;
    let answer = shop.ask(&format!("{reference}/dispute"), &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

#[tokio::test]
async fn a_dispute_is_opened_and_found() {
    let shop = Shop::open();
    let dispute = disputed(&shop, "a").await;
    for (name, expected) in [
        ("status", json!("awaiting-merchant-feedback")),
        ("category", json!("chargeback")),
        ("resolution", Value::Null),
        ("refund_amount", json!(10_000)),
        ("currency", json!("NGN")),
        ("resolvedAt", Value::Null),
        ("last4", json!("4081")),
    ] {
        assert_eq!(dispute[name], expected, "{name}");
    }
    assert_eq!(dispute["transaction"]["reference"], "a");
    assert!(dispute["dueAt"].is_string() && dispute["createdAt"].is_string());
    let id = &dispute["id"];
    let fetched = shop.get(&format!("/dispute/{id}")).await.body;
    assert_eq!(
        (&fetched["message"], &fetched["data"]),
        (&json!("Dispute retrieved"), &dispute)
    );
    let of = shop
        .get(&format!(
            "/dispute/transaction/{}",
            dispute["transaction"]["id"]
        ))
        .await
        .body;
    assert_eq!(of["message"], "Dispute retrieved successfully");
    assert_eq!(of["data"]["id"], *id);
    let list = shop.get("/dispute").await.body;
    assert_eq!(
        (&list["message"], &list["meta"]["total"]),
        (&json!("Disputes retrieved"), &json!(1))
    );
    for (query, count) in [
        ("status=awaiting-merchant-feedback".to_owned(), 1),
        ("status=resolved".to_owned(), 0),
        (format!("transaction={}", dispute["transaction"]["id"]), 1),
        ("transaction=7".to_owned(), 0),
    ] {
        let list = shop.get(&format!("/dispute?{query}")).await.body;
        assert_eq!(list["data"].as_array().unwrap().len(), count, "{query}");
    }
    for path in ["/dispute/7", "/dispute/transaction/7"] {
        assert_eq!(shop.get(path).await.status, 404);
    }
}

#[tokio::test]
async fn a_dispute_is_answered_with_evidence_and_won() {
    let shop = Shop::open();
    let id = disputed(&shop, "a").await["id"].clone();
    let path = format!("/dispute/{id}");
    let updated = shop.put(&path, &json!({"refund_amount": 1_002})).await.body;
    assert_eq!(updated["message"], "Dispute updated successfully");
    assert_eq!(updated["data"][0]["refund_amount"], 1_002, "a list of one");
    let evidence = json!({"customer_email": "ada@example.com", "customer_name": "Ada",
        "customer_phone": "0802345167", "service_details": "Delivered", "delivery_date": "2026-01-02"});
    let added = shop.post(&format!("{path}/evidence"), &evidence).await.body;
    assert_eq!(added["message"], "Evidence created");
    assert_eq!(
        (&added["data"]["dispute"], &added["data"]["customer_name"]),
        (&id, &json!("Ada"))
    );
    let missing = shop
        .post(
            &format!("{path}/evidence"),
            &json!({"customer_email": "a@b.c"}),
        )
        .await;
    refused(
        &missing,
        400,
        "customer_name is required",
        ("validation_error", "missing_params"),
    );
    let upload = shop
        .get(&format!("{path}/upload_url?upload_filename=proof.pdf"))
        .await
        .body;
    assert_eq!(upload["message"], "Upload url generated");
    let signed = upload["data"]["signedUrl"].as_str().unwrap();
    let sent = shop
        .sandbox
        .client
        .put(signed)
        .body("%PDF")
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), 200);
    assert_eq!(shop.get(&format!("{path}/upload_url")).await.status, 400);
    let file = &upload["data"]["fileName"];
    let verdict = json!({"resolution": "declined", "message": "It was delivered",
        "refund_amount": 0, "uploaded_filename": file});
    let answer = shop.put(&format!("{path}/resolve"), &verdict).await.body;
    assert_eq!(answer["message"], "Dispute successfully resolved");
    let data = &answer["data"];
    assert_eq!(
        (&data["status"], &data["resolution"]),
        (&json!("resolved"), &json!("declined"))
    );
    assert_eq!(data["message"]["body"], "It was delivered");
    assert_eq!(
        (&data["attachments"], &data["evidence"]["customer_name"]),
        (file, &json!("Ada"))
    );
    assert_eq!(shop.verify("a").await["status"], "success");
    let again = shop.put(&format!("{path}/resolve"), &verdict).await;
    let params = ("validation_error", "invalid_params");
    refused(&again, 400, "Dispute has already been resolved", params);
    let late = shop.put(&path, &json!({"refund_amount": 1})).await;
    refused(&late, 400, "Dispute has already been resolved", params);
}

#[tokio::test]
async fn a_dispute_that_is_accepted_reverses_the_transaction() {
    let shop = Shop::open();
    let id = disputed(&shop, "a").await["id"].clone();
    let path = format!("/dispute/{id}/resolve");
    let verdict = json!({"resolution": "merchant-accepted", "message": "Sorry",
        "refund_amount": 10_001, "uploaded_filename": "x"});
    let params = ("validation_error", "invalid_params");
    let too_much = "Refund amount cannot be more than the transaction amount";
    refused(&shop.put(&path, &verdict).await, 400, too_much, params);
    let mut unheard = verdict.clone();
    unheard["resolution"] = json!("auto-accepted");
    let sentence = "\"resolution\" must be one of [merchant-accepted, declined]";
    refused(&shop.put(&path, &unheard).await, 400, sentence, params);
    let mut good = verdict.clone();
    good["refund_amount"] = json!(4_000);
    let answer = shop.put(&path, &good).await;
    assert_eq!(answer.body["data"]["transaction"]["status"], "reversed");
    assert_eq!(shop.verify("a").await["status"], "reversed");
    let refunds = shop.get("/refund").await.body;
    let refund = &refunds["data"][0];
    let shown = [&refund["amount"], &refund["dispute"], &refund["status"]];
    assert_eq!(shown, [&json!(4_000), &id, &json!("processed")]);
}

#[tokio::test]
async fn a_lost_dispute_stays_lost_when_an_older_refund_ends() {
    let shop = Shop::open_with_slow_refunds();
    shop.paid("a").await;
    let refund = shop
        .refund(&json!({"transaction": "a", "amount": 1_000}))
        .await;
    let opening = json!({"refundAmount": 2_000});
    assert_eq!(shop.ask("a/dispute", &opening).await.status, 200);
    assert_eq!(shop.ask("a/dispute/resolve", &json!({})).await.status, 200);
    assert_eq!(shop.verify("a").await["status"], "reversed");
    shop.refund_becomes(&refund["id"], "processed").await;
    assert_eq!(shop.verify("a").await["status"], "reversed");
    assert_eq!(shop.whole("a").await["transaction"]["refunded"], 3_000);
}

#[tokio::test]
async fn what_happens_to_a_dispute_is_told() {
    let receiver = Receiver::start(&[]);
    let shop = Shop::told(&receiver);
    shop.paid("a").await;
    receiver.wait_for(1).await;
    let opening = json!({"category": "fraud", "refundAmount": 2_500});
    assert_eq!(shop.ask("a/dispute", &opening).await.status, 200);
    receiver.wait_for(2).await;
    assert_eq!(shop.ask("a/dispute/remind", &json!({})).await.status, 200);
    receiver.wait_for(3).await;
    assert_eq!(shop.ask("a/dispute/resolve", &json!({})).await.status, 200);
    let received = receiver.wait_for(4).await;
    assert!(received.iter().all(is_genuine));
    let names = [
        "charge.dispute.create",
        "charge.dispute.remind",
        "charge.dispute.resolve",
    ];
    assert_eq!(events(&received)[1..], names);
    let opened = received[1].json()["data"].clone();
    assert_eq!(
        (&opened["category"], &opened["refund_amount"]),
        (&json!("fraud"), &json!(2_500))
    );
    assert_eq!(opened["transaction"]["reference"], "a");
    assert!(
        opened["created_at"].is_string() && opened["dueAt"].is_string(),
        "{opened}"
    );
    assert!(opened.get("createdAt").is_none());
    let resolved = received[3].json()["data"].clone();
    assert_eq!(
        (&resolved["status"], &resolved["resolution"]),
        (&json!("resolved"), &json!("auto-accepted"))
    );
    assert_eq!(resolved["transaction"]["status"], "reversed");
    let facts = shop.facts("dispute").await;
    assert_eq!(facts.len(), 3);
}

#[tokio::test]
async fn what_cannot_be_disputed_is_said() {
    let shop = Shop::open();
    shop.initialize("unpaid").await;
    shop.paid("a").await;
    for (path, body, status) in [
        ("b/dispute", json!({}), 404),
        ("a/dispute/remind", json!({}), 404),
        ("a/dispute/resolve", json!({}), 404),
        ("unpaid/dispute", json!({}), 409),
        ("a/dispute", json!({"refundAmount": 10_001}), 400),
        ("a/dispute", json!({"refundAmount": 0}), 400),
        ("a/dispute", json!({"category": "mood"}), 400),
        ("a/dispute", json!({"amount": 1}), 400),
    ] {
        let answer = shop.ask(path, &body).await;
        assert_eq!(answer.status, status, "{path} {body}");
        assert!(answer.body["error"].is_string(), "{}", answer.body);
    }
    let request = shop
        .request(Method::PUT, "/dispute/7/resolve")
        .json(&json!({}));
    assert_eq!(request.send().await.unwrap().status(), 400);
}
