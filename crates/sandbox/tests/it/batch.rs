//! `POST /emails/batch`.

use serde_json::{Value, json};

use crate::app::{Answer, TestSandbox, mail_to};

fn with_a_bad_one() -> Value {
    json!([
        mail_to("ada@example.com"),
        mail_to("nobody"),
        mail_to("bob@example.com")
    ])
}

#[tokio::test]
async fn ids_come_in_the_order_of_the_mails() {
    let sandbox = TestSandbox::start();
    let batch = json!([mail_to("ada@example.com"), mail_to("bob@example.com")]);
    let answer = Answer::of(sandbox.post("/resend/emails/batch", &batch)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body.as_object().unwrap().len(), 1);
    for (index, to) in ["ada@example.com", "bob@example.com"].iter().enumerate() {
        let found = sandbox.control(&format!("/_sandbox/mail?to={to}")).await;
        assert_eq!(found[0]["id"], answer.body["data"][index]["id"]);
    }
    assert_eq!(sandbox.facts("mail").await.len(), 2);
    assert_eq!(sandbox.facts("request").await.len(), 1);
}

#[tokio::test]
async fn one_bad_mail_spoils_a_strict_batch() {
    let sandbox = TestSandbox::start();
    for header in [None, Some("strict")] {
        let mut request = sandbox.post("/resend/emails/batch", &with_a_bad_one());
        if let Some(value) = header {
            request = request.header("x-batch-validation", value);
        }
        Answer::of(request).await.refused(422, "validation_error");
    }
    assert!(sandbox.facts("mail").await.is_empty());
}

#[tokio::test]
async fn a_permissive_batch_sends_the_good_ones() {
    let sandbox = TestSandbox::start();
    let request = sandbox
        .post("/resend/emails/batch", &with_a_bad_one())
        .header("x-batch-validation", "permissive");
    let answer = Answer::of(request).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["data"].as_array().unwrap().len(), 2);
    let errors = answer.body["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0]["index"], 1);
    assert!(errors[0]["message"].as_str().unwrap().contains("`to`"));
    assert_eq!(sandbox.facts("mail").await.len(), 2);
}

#[tokio::test]
async fn a_batch_has_limits() {
    let sandbox = TestSandbox::start();
    let mut with_file = mail_to("ada@example.com");
    with_file["attachments"] = json!([{"filename": "a", "content": "aGk="}]);
    let mut later = mail_to("ada@example.com");
    later["scheduled_at"] = json!("2026-01-01T00:00:00Z");
    for batch in [
        json!([]),
        json!(vec![mail_to("ada@example.com"); 101]),
        json!([with_file]),
        json!([later]),
        mail_to("ada@example.com"),
    ] {
        let answer = Answer::of(sandbox.post("/resend/emails/batch", &batch)).await;
        answer.refused(422, "validation_error");
    }
    let many = json!(vec![mail_to("ada@example.com"); 100]);
    let answer = Answer::of(sandbox.post("/resend/emails/batch", &many)).await;
    assert_eq!(answer.body["data"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn a_batch_is_replayed_as_a_whole() {
    let sandbox = TestSandbox::start();
    let batch = json!([mail_to("ada@example.com"), mail_to("bob@example.com")]);
    let send = || {
        let request = sandbox.post("/resend/emails/batch", &batch);
        Answer::of(request.header("idempotency-key", "welcome/1"))
    };
    let (first, second) = (send().await, send().await);
    assert_eq!(first.body, second.body);
    assert_eq!(sandbox.facts("mail").await.len(), 2);
    let requests = sandbox.facts("request").await;
    assert_eq!(requests[1]["outcome"], "replayed");
    assert_eq!(requests[1]["ids"], requests[0]["ids"]);
}
