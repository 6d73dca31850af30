//! `POST /emails` and `GET /emails/:id`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, TestSandbox, mail_to};

#[tokio::test]
async fn an_accepted_mail_is_in_the_mailbox_and_in_the_journal_once() {
    let sandbox = TestSandbox::start();
    let mut mail = mail_to("Ada <Ada@example.com>");
    mail["cc"] = json!(["bob@example.com"]);
    mail["reply_to"] = json!("help@example.com");
    mail["tags"] = json!([{"name": "kind", "value": "receipt"}]);
    mail["headers"] = json!({"X-Order": "17"});
    mail["attachments"] =
        json!([{"filename": "a.txt", "content": "aGk=", "content_type": "text/plain"}]);
    mail["unheard_of"] = json!(true);
    let answer = Answer::of(sandbox.send_keyed("receipt/17", &mail)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body.as_object().unwrap().len(), 1);
    let id = answer.body["id"].as_str().unwrap();

    for to in ["ada@example.com", "ADA@example.com", "bob@example.com"] {
        let found = sandbox.control(&format!("/_sandbox/mail?to={to}")).await;
        assert_eq!(found.as_array().unwrap().len(), 1, "{to}");
        assert_eq!(found[0]["id"], id);
    }
    let mails = sandbox.control("/_sandbox/mail").await;
    let mail = &mails[0];
    assert_eq!(mail["to"], json!(["Ada <Ada@example.com>"]));
    assert_eq!(mail["from"], "Shop <shop@example.com>");
    assert_eq!(mail["subject"], "Hello");
    assert_eq!(mail["html"], "<p>Hello</p>");
    assert_eq!(mail["text"], "Hello");
    assert_eq!(mail["tags"], json!({"kind": "receipt"}));
    assert_eq!(mail["headers"], json!({"X-Order": "17"}));
    assert_eq!(mail["idempotencyKey"], "receipt/17");
    assert_eq!(mail["attachments"][0]["filename"], "a.txt");
    assert_eq!(mail["attachments"][0]["sizeBytes"], 2);
    assert!(mail["sentAt"].as_str().unwrap().ends_with('Z'));

    let nobody = sandbox.control("/_sandbox/mail?to=eve@example.com").await;
    assert_eq!(nobody, json!([]));
    let facts = sandbox.facts("mail").await;
    assert_eq!(facts.len(), 1);
    assert_eq!(facts[0]["id"], id);
    let requests = sandbox.facts("request").await;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0]["outcome"], "executed");
    assert_eq!(requests[0]["ids"], json!([id]));
}

#[tokio::test]
async fn an_address_with_a_label_is_found() {
    let sandbox = TestSandbox::start();
    sandbox.accepted(&mail_to("ada+shop@example.com")).await;
    for query in ["ada+shop@example.com", "ada%2Bshop@example.com"] {
        let found = sandbox.control(&format!("/_sandbox/mail?to={query}")).await;
        assert_eq!(found.as_array().unwrap().len(), 1, "{query}");
    }
}

#[tokio::test]
async fn the_newest_mail_comes_first() {
    let sandbox = TestSandbox::start();
    let first = sandbox.accepted(&mail_to("ada@example.com")).await;
    let second = sandbox.accepted(&mail_to("ada@example.com")).await;
    let mails = sandbox.control("/_sandbox/mail?to=ada@example.com").await;
    assert_eq!(
        [&mails[0]["id"], &mails[1]["id"]],
        [&json!(second), &json!(first)]
    );
}

#[tokio::test]
async fn a_mail_can_be_fetched_as_the_vendor_shows_it() {
    let sandbox = TestSandbox::start();
    let id = sandbox.accepted(&mail_to("ada@example.com")).await;
    sandbox.becomes(&id, "delivered").await;
    let request = sandbox.vendor(Method::GET, &format!("/resend/emails/{id}"));
    let mut mail = Answer::of(request).await.body;
    let created_at = mail["created_at"].as_str().unwrap().to_owned();
    assert!(
        created_at.ends_with("+00") && created_at.contains(' '),
        "{created_at}"
    );
    assert!(mail["message_id"].as_str().unwrap().contains(&id));
    mail["created_at"] = Value::Null;
    mail["message_id"] = Value::Null;
    let expected = json!({
        "object": "email", "id": id, "message_id": null, "created_at": null,
        "from": "Shop <shop@example.com>", "to": ["ada@example.com"], "cc": [], "bcc": [],
        "reply_to": [], "subject": "Hello", "html": "<p>Hello</p>", "text": "Hello",
        "last_event": "delivered", "scheduled_at": null,
    });
    assert_eq!(mail, expected);
}

#[tokio::test]
async fn a_mail_that_is_not_there_cannot_be_fetched() {
    let sandbox = TestSandbox::start();
    let unknown = "/resend/emails/0198c0de-0000-7000-8000-000000000000";
    let request = sandbox.vendor(Method::GET, unknown);
    Answer::of(request).await.refused(404, "not_found");
    let request = sandbox.vendor(Method::GET, "/resend/emails/x");
    Answer::of(request).await.refused(422, "invalid_parameter");
}

/// Every rule of a mail has its own test beside the code; this is each error once, on the wire.
#[tokio::test]
async fn a_bad_mail_is_refused_and_nothing_is_sent() {
    let sandbox = TestSandbox::start();
    for (field, value, name) in [
        ("from", Value::Null, "missing_required_field"),
        ("from", json!("shop"), "validation_error"),
        ("to", json!(vec!["a@example.com"; 51]), "validation_error"),
        (
            "tags",
            json!([{"name": "a b", "value": "c"}]),
            "validation_error",
        ),
        (
            "attachments",
            json!([{"content": "?"}]),
            "invalid_attachment",
        ),
    ] {
        let mut mail = mail_to("ada@example.com");
        mail[field] = value;
        Answer::of(sandbox.send(&mail)).await.refused(422, name);
    }
    let no_json = sandbox.vendor(Method::POST, "/resend/emails").body("{");
    Answer::of(no_json).await.refused(400, "validation_error");
    assert!(sandbox.facts("mail").await.is_empty());
    assert_eq!(sandbox.control("/_sandbox/mail").await, json!([]));
    let requests = sandbox.facts("request").await;
    assert_eq!(requests.len(), 6);
    assert!(requests.iter().all(|fact| fact["outcome"] == "refused"));
}

#[tokio::test]
async fn only_verified_domains_may_send() {
    let sandbox = TestSandbox::start_with(&[("SANDBOX__RESEND__DOMAINS", "shop.example")]);
    let mut mail = mail_to("ada@example.com");
    let answer = Answer::of(sandbox.send(&mail)).await;
    let message = answer.refused(403, "validation_error");
    assert!(
        message.contains("example.com domain is not verified"),
        "{message}"
    );
    mail["from"] = json!("Shop <mail@shop.example>");
    sandbox.accepted(&mail).await;
}
