//! What people have to look at, and what they say about it.

use common::ids;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::{Ask as _, Reply};
use uuid::Uuid;

use crate::app::TestApp;
use crate::shop::staff;

async fn list(app: &TestApp, query: &str) -> (Vec<Value>, Option<String>) {
    let path = format!("/admin/attention{query}");
    let reply = app.get_as(staff(), "finance", &path).await;
    let data = reply.assert_success(200);
    let cursor = data["nextCursor"].as_str().map(str::to_owned);
    (data["items"].as_array().unwrap().clone(), cursor)
}

async fn close(app: &TestApp, item: &Value, key: &str, body: &Value) -> Reply {
    let path = format!("/admin/attention/{}/close", item["id"].as_str().unwrap());
    app.post_keyed("finance", &path, key, body).await
}

/// Somebody pays something else than what was due; answers the payment.
async fn mismatched(app: &TestApp) -> Uuid {
    let begun = app.begun().await;
    app.world.paystack.pay(&begun.reference);
    app.world
        .paystack
        .change(&begun.reference, |one| one.amount -= 100);
    let told = app.world.paystack.charge_success(&begun.reference);
    app.webhook(&told).await.assert_success(200);
    app.until_status(begun.id, "paid").await;
    begun.id
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_what_waits_newest_first_and_say_what_became_of_it() {
    let app = TestApp::start().await;
    let mut payments = Vec::new();
    for _ in 0..3 {
        payments.push(mismatched(&app).await);
        app.world.clock.advance(chrono::TimeDelta::seconds(1));
    }
    let (first, cursor) = list(&app, "?state=open&kind=mismatch&limit=2").await;
    let next = format!(
        "?state=open&kind=mismatch&limit=2&cursor={}",
        cursor.unwrap()
    );
    let (second, end) = list(&app, &next).await;
    assert_eq!(end, None);
    let seen: Vec<&Value> = first
        .iter()
        .chain(&second)
        .map(|one| &one["paymentId"])
        .collect();
    payments.reverse();
    assert_eq!(json!(seen), json!(payments));
    assert!(list(&app, "?kind=unclaimed").await.0.is_empty());

    let item = &first[1];
    let body = json!({ "outcome": "resolved", "note": " paid back by hand " });
    let closed = close(&app, item, "a", &body).await;
    let closed = closed.assert_success(200)["item"].clone();
    assert_eq!(closed["outcome"], "resolved");
    assert_eq!(closed["note"], "paid back by hand");
    assert_eq!(closed["closedBy"], json!(staff()));
    let again = close(&app, item, "a", &body).await;
    assert_eq!(again.assert_success(200)["item"], closed, "a repetition");
    let other = close(&app, item, "b", &body).await;
    other.assert_error(409, "INVALID_STATE");
    let path = format!("/admin/attention/{}", item["id"].as_str().unwrap());
    let found = app.get_as(staff(), "admin", &path).await;
    assert_eq!(found.assert_success(200)["item"], closed);

    let (open, _) = list(&app, "?state=open").await;
    assert_eq!(json!(open), json!([first[0], second[0]]));
    assert_eq!(list(&app, "?state=closed").await.0, [closed]);
    assert_eq!(list(&app, "").await.0.len(), 3);
    let audited = app
        .rows("SELECT entity_id FROM payments.audit_events WHERE action = 'attention.closed'")
        .await;
    assert_eq!(json!(audited), json!([{ "entity_id": item["id"] }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_again_opens_again_without_the_old_words() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    let body = json!({ "reason": "x", "amount": 500 });
    app.refund(paid.id, "a", &body).await.assert_success(202);
    app.until_refunds(paid.id, "processing", 1).await;
    let made = app.world.paystack.refunds()[0].id;
    let becomes = async |status: &str, event: &str| {
        app.world.paystack.set_refund(made, status);
        let told = app.world.paystack.refund_event(made, event);
        app.webhook(&told).await.assert_success(200);
        app.until_refunds(paid.id, status, 1).await;
    };
    becomes("processed", "refund.processed").await;
    becomes("failed", "refund.failed").await;
    let (open, _) = list(&app, "?kind=refund_returned").await;
    let body = json!({ "outcome": "accepted", "note": "the buyer has moved" });
    close(&app, &open[0], "a", &body).await.assert_success(200);
    becomes("processed", "refund.processing").await;
    becomes("failed", "refund.pending").await;
    let (again, _) = list(&app, "?state=open").await;
    assert_eq!(again[0]["id"], open[0]["id"]);
    for field in ["note", "closedBy", "outcome", "closedAt"] {
        assert_eq!(again[0][field], Value::Null, "{field}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_look_after_money_see_and_close() {
    let app = TestApp::start().await;
    mismatched(&app).await;
    let (open, _) = list(&app, "").await;
    let one = format!("/admin/attention/{}", open[0]["id"].as_str().unwrap());
    let closing = format!("{one}/close");
    let body = json!({ "outcome": "resolved", "note": "x" });
    for role in ["customer", "merchant", "fulfilment"] {
        for path in ["/admin/attention", one.as_str()] {
            let reply = app.get_as(staff(), role, path).await;
            reply.assert_error(403, "AUTHORIZATION_ERROR");
        }
        let reply = app.post_keyed(role, &closing, "k", &body).await;
        reply.assert_error(403, "AUTHORIZATION_ERROR");
    }
    let nobody = app.request(Method::GET, "/api/v1/admin/attention");
    let nobody = nobody.reply().await;
    nobody.assert_error(401, "AUTHENTICATION_ERROR");
    let unknown = format!("/admin/attention/{}", ids::new_id());
    let reply = app.get_as(staff(), "finance", &unknown).await;
    reply.assert_error(404, "NOT_FOUND");
    let reply = app
        .post_keyed("finance", &format!("{unknown}/close"), "k", &body)
        .await;
    reply.assert_error(404, "NOT_FOUND");
    for bad in ["?kind=odd", "?state=done", "?cursor=x", "?limit=0"] {
        let path = format!("/admin/attention{bad}");
        let reply = app.get_as(staff(), "finance", &path).await;
        reply.assert_error(400, "VALIDATION_ERROR");
    }
    for bad in [
        json!({ "outcome": "resolved" }),
        json!({ "outcome": "done", "note": "x" }),
        json!({ "outcome": "resolved", "note": " " }),
        json!({ "outcome": "resolved", "note": "x".repeat(501) }),
        json!({ "outcome": "resolved", "note": "x", "kind": "mismatch" }),
    ] {
        let reply = app.post_keyed("finance", &closing, "bad", &bad).await;
        reply.assert_error(400, "VALIDATION_ERROR");
    }
    assert_eq!(list(&app, "?state=open").await.0.len(), 1);
}
