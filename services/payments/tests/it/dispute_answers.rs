//! What staff answers to disputes, also when the provider's answers are lost.

use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::Reply;

use crate::shop::staff;
use crate::vendor::Shop;

fn message() -> Value {
    json!({ "message": "The lace was delivered and signed for." })
}

impl Shop {
    async fn answer(&self, dispute: &str, how: &str, key: &str, body: &Value) -> Reply {
        let path = format!("/admin/disputes/{dispute}/{how}");
        self.app.post_keyed("finance", &path, key, body).await
    }

    /// How often the vendor did something to one of its disputes.
    async fn done(&self, operation: &str) -> usize {
        let journal = self
            .vendor
            .control(Method::GET, "/journal", &json!({}))
            .await;
        let facts = journal.as_array().unwrap().iter();
        let done = facts.filter(|fact| {
            fact["kind"] == "request"
                && fact["operation"] == operation
                && fact["outcome"] == "executed"
        });
        done.count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_goes_to_the_provider_with_a_file_and_the_dispute_is_won() {
    let shop = Shop::open().await;
    let (kept, id, shown) = shop.disputed().await;
    let reply = shop.answer(&id, "evidence", "a", &message()).await;
    let answered = reply.assert_success(200)["dispute"].clone();
    assert_eq!(
        (&answered["status"], &answered["outcome"]),
        (&json!("resolved"), &json!("won"))
    );
    assert_eq!(answered["answer"]["kind"], "evidence");
    assert_eq!(answered["answer"]["state"], "given");
    let vendor = shop.vendor.dispute(&shown).await;
    assert_eq!(vendor["resolution"], "declined");
    assert!(vendor["attachments"].is_string(), "the file: {vendor}");
    let said = &vendor["evidence"];
    for (name, expected) in [
        ("customer_email", "ada@example.com"),
        ("customer_name", "Ada Obi"),
        ("customer_phone", "+2348012345678"),
        (
            "delivery_address",
            "Ada Obi, 12 Allen Avenue, Ikeja, Lagos, NG",
        ),
        ("delivery_date", "2026-01-14"),
    ] {
        assert_eq!(said[name], expected, "{name}");
    }
    let details = said["service_details"].as_str().unwrap();
    assert!(details.ends_with(": 2 x Royal lace"), "{details}");
    // The same request is answered the same; another is too late.
    let again = shop.answer(&id, "evidence", "a", &message()).await;
    assert_eq!(again.assert_success(200)["dispute"], answered);
    let late = shop.answer(&id, "accept", "b", &message()).await;
    late.assert_error(409, "INVALID_STATE");
    assert_eq!(shop.app.status_of(kept.id).await, "paid");
    let audited = shop
        .app
        .rows("SELECT actor_role FROM payments.audit_events WHERE action = 'dispute.answered'")
        .await;
    assert_eq!(audited, [json!({ "actor_role": "finance" })]);
    let path = format!("/admin/disputes/{id}");
    let history = shop.get(&path).await.assert_success(200)["history"].clone();
    let events = history
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["event"].clone());
    assert_eq!(
        events.collect::<Vec<_>>(),
        ["opened", "resolved", "answered"]
    );
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_may_be_accepted_in_part() {
    let shop = Shop::open().await;
    let (kept, id, _) = shop.disputed().await;
    for (amount, status, code) in [
        (json!(0), 400, "VALIDATION_ERROR"),
        (json!(1_500.01), 400, "VALIDATION_ERROR"),
        (json!(-1), 400, "VALIDATION_ERROR"),
    ] {
        let body = json!({ "message": "x", "refundAmount": amount });
        let refused = shop.answer(&id, "accept", "bad", &body).await;
        refused.assert_error(status, code);
    }
    let body = json!({ "message": "One yard was torn.", "refundAmount": 500 });
    let reply = shop.answer(&id, "accept", "a", &body).await;
    let answered = reply.assert_success(200)["dispute"].clone();
    assert_eq!(
        (&answered["outcome"], &answered["taken"]),
        (&json!("accepted"), &json!(500.0))
    );
    assert_eq!(shop.balance("chargebacks").await, 50_000);
    assert_eq!(shop.app.status_of(kept.id).await, "partially_refunded");
    let told = shop.app.promised("dispute.resolved").await;
    assert_eq!(
        (&told[0]["data"]["outcome"], &told[0]["data"]["taken"]),
        (&json!("accepted"), &json!(500.0))
    );
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_at_any_step_is_given_once() {
    let shop = Shop::open().await;
    for (place, operation) in ["uploadUrl", "addEvidence", "resolveDispute", "fetchDispute"]
        .into_iter()
        .enumerate()
    {
        let (_, id, shown) = shop.disputed().await;
        let lost = json!({ operation: { "dropAfterExecute": true, "times": 1 } });
        shop.vendor.fail(&lost).await;
        let key = format!("key-{place}");
        let mut reply = shop.answer(&id, "evidence", &key, &message()).await;
        if reply.status == 503 {
            reply.assert_error(503, "EXTERNAL_SERVICE_ERROR");
            let known = shop.known(&shown).await;
            assert_eq!(
                (&known["outcome"], &known["answered_at"]),
                (&Value::Null, &Value::Null)
            );
            reply = shop.answer(&id, "evidence", &key, &message()).await;
        }
        let answered = reply.assert_success(200)["dispute"].clone();
        assert_eq!(answered["outcome"], "won", "{operation}");
        assert_eq!(shop.vendor.dispute(&shown).await["resolution"], "declined");
        assert_eq!(shop.done("addEvidence").await, place + 1, "{operation}");
        assert_eq!(shop.done("resolveDispute").await, place + 1, "{operation}");
    }
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_away_changes_nothing_and_the_same_key_works_afterwards() {
    let shop = Shop::open().await;
    let (_, id, shown) = shop.disputed().await;
    shop.app.world.orders_go_away(true);
    let reply = shop.answer(&id, "evidence", "a", &message()).await;
    reply.assert_error(503, "SERVICE_UNAVAILABLE");
    shop.app.world.orders_go_away(false);
    let down = json!({ "resolveDispute": { "status": 503, "times": 1 } });
    shop.vendor.fail(&down).await;
    let reply = shop.answer(&id, "evidence", "a", &message()).await;
    reply.assert_error(503, "EXTERNAL_SERVICE_ERROR");
    assert_eq!(shop.vendor.dispute(&shown).await["resolution"], Value::Null);
    assert!(shop.app.promised("dispute.resolved").await.is_empty());
    // Staff thinks twice: another answer begins anew.
    let reply = shop.answer(&id, "accept", "b", &message()).await;
    assert_eq!(reply.assert_success(200)["dispute"]["outcome"], "accepted");
    let reply = shop.answer(&id, "evidence", "a", &message()).await;
    reply.assert_error(409, "INVALID_STATE");
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_give_one_answer() {
    let shop = Shop::open().await;
    let (_, id, _) = shop.disputed().await;
    let slow = json!({ "resolveDispute": { "latencyMs": 500, "times": 1 } });
    shop.vendor.fail(&slow).await;
    let body = message();
    let (one, other) = tokio::join!(
        shop.answer(&id, "evidence", "a", &body),
        shop.answer(&id, "accept", "b", &body)
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(shop.done("resolveDispute").await, 1);
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_or_comes_too_late_is_refused() {
    let shop = Shop::open().await;
    let (_, id, _) = shop.disputed().await;
    for how in ["evidence", "accept"] {
        let path = format!("/admin/disputes/{id}/{how}");
        for role in ["customer", "merchant", "fulfilment"] {
            let reply = shop.app.post_keyed(role, &path, "k", &message()).await;
            reply.assert_error(403, "AUTHORIZATION_ERROR");
        }
        let unkeyed = shop.app.ask_as(staff(), "finance", Method::POST, &path);
        let unkeyed = test_support::service::Ask::reply(unkeyed.json(&message())).await;
        unkeyed.assert_error(400, "VALIDATION_ERROR");
        for bad in [
            json!({}),
            json!({ "message": " " }),
            json!({ "message": "x", "y": 1 }),
        ] {
            let reply = shop.answer(&id, how, "k", &bad).await;
            reply.assert_error(400, "VALIDATION_ERROR");
        }
        let unknown = common::ids::new_id().to_string();
        let reply = shop.answer(&unknown, how, "u", &message()).await;
        reply.assert_error(404, "NOT_FOUND");
    }
    shop.hours_pass(16);
    let reply = shop.answer(&id, "evidence", "late", &message()).await;
    reply.assert_error(409, "INVALID_STATE");
    assert_eq!(shop.done("resolveDispute").await, 0);
}
