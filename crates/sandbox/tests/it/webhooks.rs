//! What the shop is told.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{TestSandbox, mail_to};
use crate::receiver::{Received, Receiver, SECRET};

fn sandbox_for(receiver: &Receiver) -> TestSandbox {
    TestSandbox::start_with(&[
        ("SANDBOX__RESEND__WEBHOOK_URL", &receiver.url()),
        ("SANDBOX__RESEND__WEBHOOK_SECRET", SECRET),
        // Far enough apart to come in order on a busy machine.
        ("SANDBOX__RESEND__DELIVERY_MS", "150"),
        // The fifth try comes after less than half a second.
        ("SANDBOX__RESEND__WEBHOOK_SPEEDUP", "20000"),
    ])
}

fn types(received: &[Received]) -> Vec<String> {
    let of = |one: &Received| one.json()["type"].as_str().unwrap().to_owned();
    received.iter().map(of).collect()
}

#[tokio::test]
async fn what_became_of_a_mail_is_told_and_signed() {
    let receiver = Receiver::start(&[]);
    let sandbox = sandbox_for(&receiver);
    let mut mail = mail_to("Ada <ada@example.com>");
    mail["tags"] = json!([{"name": "kind", "value": "receipt"}]);
    let id = sandbox.accepted(&mail).await;
    let received = receiver.wait_for(2).await;
    assert_eq!(types(&received), ["email.sent", "email.delivered"]);
    assert!(received.iter().all(Received::is_genuine));
    assert_ne!(received[0].id, received[1].id);
    assert!(received[0].id.starts_with("msg_"));
    let body = received[1].json();
    assert!(body["created_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(body["data"]["email_id"], id);
    assert_eq!(body["data"]["from"], "Shop <shop@example.com>");
    assert_eq!(body["data"]["to"], json!(["ada@example.com"]));
    assert_eq!(body["data"]["subject"], "Hello");
    assert_eq!(body["data"]["tags"], json!({"kind": "receipt"}));
    let facts = sandbox.wait_for("webhook", 2).await;
    assert_eq!(facts[0]["type"], "email.sent");
    assert_eq!(facts[0]["status"], 200);
    assert_eq!(facts[0]["subject"], id);
}

#[tokio::test]
async fn each_fate_has_its_webhooks() {
    for (to, expected) in [
        ("bounced@resend.dev", &["email.sent", "email.bounced"][..]),
        (
            "complained@resend.dev",
            &["email.sent", "email.delivered", "email.complained"],
        ),
        ("suppressed@resend.dev", &["email.suppressed"]),
    ] {
        let receiver = Receiver::start(&[]);
        let sandbox = sandbox_for(&receiver);
        sandbox.accepted(&mail_to(to)).await;
        let received = receiver.wait_for(expected.len()).await;
        assert_eq!(types(&received), expected, "{to}");
        let data = received.last().unwrap().json()["data"].clone();
        match to.split('@').next() {
            Some("bounced") => {
                assert_eq!(data["bounce"]["type"], "Permanent");
                assert_eq!(data["bounce"]["subType"], "General");
                assert!(data["bounce"]["diagnosticCode"].is_array());
            }
            Some("suppressed") => assert_eq!(data["suppressed"]["reason"], "previous_bounce"),
            _ => assert!(data.get("bounce").is_none()),
        }
    }
}

#[tokio::test]
async fn one_mail_to_many_tells_of_each_fate() {
    let receiver = Receiver::start(&[]);
    let sandbox = sandbox_for(&receiver);
    let mut mail = mail_to("ada@example.com");
    mail["to"] = json!([
        "ada@example.com",
        "bounced@resend.dev",
        "suppressed@resend.dev"
    ]);
    sandbox.accepted(&mail).await;
    let received = receiver.wait_for(4).await;
    let told = |name: &str| {
        let one = received.iter().find(|one| one.json()["type"] == name);
        one.unwrap().json()["data"]["to"].clone()
    };
    assert_eq!(
        told("email.sent"),
        json!(["ada@example.com", "bounced@resend.dev"])
    );
    assert_eq!(told("email.delivered"), json!(["ada@example.com"]));
    assert_eq!(told("email.bounced"), json!(["bounced@resend.dev"]));
    assert_eq!(told("email.suppressed"), json!(["suppressed@resend.dev"]));
}

#[tokio::test]
async fn a_webhook_that_is_not_taken_comes_again_and_is_the_same() {
    let receiver = Receiver::start(&[500, 302, 404, 503]);
    let sandbox = sandbox_for(&receiver);
    sandbox.accepted(&mail_to("suppressed@resend.dev")).await;
    let received = receiver.wait_for(5).await;
    assert!(received.iter().all(Received::is_genuine));
    assert!(
        received
            .iter()
            .all(|one| one.id == received[0].id && one.body == received[0].body)
    );
    let facts = sandbox.wait_for("webhook", 5).await;
    let seen: Vec<_> = facts
        .iter()
        .map(|fact| (fact["attempt"].clone(), fact["status"].clone()))
        .collect();
    let expected = [(1, 500), (2, 302), (3, 404), (4, 503), (5, 200)];
    assert_eq!(
        seen,
        expected.map(|(attempt, status)| (json!(attempt), json!(status)))
    );
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(
        receiver.received().len(),
        5,
        "a webhook that was taken does not come again"
    );
}

#[tokio::test]
async fn the_vendor_gives_up_after_seven_tries() {
    let sandbox = TestSandbox::start_with(&[
        // Nobody listens there.
        ("SANDBOX__RESEND__WEBHOOK_URL", "http://127.0.0.1:9/hooks"),
        ("SANDBOX__RESEND__WEBHOOK_SECRET", SECRET),
        ("SANDBOX__RESEND__WEBHOOK_SPEEDUP", "100000"),
    ]);
    sandbox.accepted(&mail_to("suppressed@resend.dev")).await;
    let facts = sandbox.wait_for("webhook", 7).await;
    assert!(
        facts
            .iter()
            .all(|fact| fact["error"].is_string() && fact.get("status").is_none())
    );
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(sandbox.facts("webhook").await.len(), 7);
}

async fn with_fault(fault: Value, count: usize) -> (Vec<Received>, TestSandbox) {
    let receiver = Receiver::start(&[]);
    let sandbox = sandbox_for(&receiver);
    sandbox
        .break_it(&json!({"resend": {"webhook": fault}}))
        .await;
    sandbox.accepted(&mail_to("ada@example.com")).await;
    sandbox.wait_for("webhook", count).await;
    (receiver.received(), sandbox)
}

#[tokio::test]
async fn a_duplicate_has_the_same_id() {
    let (received, _sandbox) = with_fault(json!({"duplicateWebhooks": 2, "times": 1}), 4).await;
    let sent: Vec<_> = received
        .iter()
        .filter(|one| one.json()["type"] == "email.sent")
        .collect();
    assert_eq!(sent.len(), 3);
    assert!(
        sent.iter()
            .all(|one| one.id == sent[0].id && one.is_genuine())
    );
}

#[tokio::test]
async fn reordered_webhooks_come_the_other_way_round() {
    let (received, _sandbox) = with_fault(json!({"reorderWebhooks": true}), 2).await;
    assert_eq!(types(&received), ["email.delivered", "email.sent"]);
}

#[tokio::test]
async fn a_dropped_webhook_is_only_in_the_journal() {
    let (received, sandbox) = with_fault(json!({"dropWebhooks": true, "times": 1}), 2).await;
    assert_eq!(types(&received), ["email.delivered"]);
    let facts = sandbox.facts("webhook").await;
    assert_eq!(facts[0]["attempt"], 0);
    assert_eq!(facts[0]["error"], "dropped by a fault");
}

#[tokio::test]
async fn a_forged_webhook_does_not_verify() {
    let (received, sandbox) = with_fault(json!({"forgeSignature": true, "times": 1}), 2).await;
    let genuine: Vec<bool> = received.iter().map(Received::is_genuine).collect();
    assert_eq!(genuine, [false, true]);
    assert_eq!(sandbox.facts("webhook").await[0]["isForged"], true);
}

#[tokio::test]
async fn a_delayed_webhook_comes_later() {
    let (received, _sandbox) = with_fault(json!({"delayWebhooksMs": 400, "times": 1}), 2).await;
    assert_eq!(types(&received), ["email.delivered", "email.sent"]);
}
