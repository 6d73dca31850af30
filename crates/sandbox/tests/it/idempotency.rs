//! `Idempotency-Key`.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;

use crate::app::{Answer, TestSandbox, mail_to};

#[tokio::test]
async fn the_same_request_is_answered_as_before_and_nothing_is_sent() {
    let sandbox = TestSandbox::start();
    let mail = mail_to("ada@example.com");
    let first = Answer::of(sandbox.send_keyed("k", &mail)).await;
    let second = Answer::of(sandbox.send_keyed("k", &mail)).await;
    assert_eq!((first.status, second.status), (200, 200));
    assert_eq!(first.body, second.body);
    assert_eq!(sandbox.facts("mail").await.len(), 1);
    let other = Answer::of(sandbox.send_keyed("l", &mail)).await;
    assert_ne!(first.body, other.body);
}

#[tokio::test]
async fn another_payload_under_the_same_key_is_refused() {
    let sandbox = TestSandbox::start();
    let mail = mail_to("ada@example.com");
    Answer::of(sandbox.send_keyed("k", &mail)).await;
    let other = Answer::of(sandbox.send_keyed("k", &mail_to("bob@example.com"))).await;
    other.refused(409, "invalid_idempotent_request");
    let batch = sandbox
        .post("/resend/emails/batch", &json!([mail]))
        .header("idempotency-key", "k");
    Answer::of(batch)
        .await
        .refused(409, "invalid_idempotent_request");
    assert_eq!(sandbox.facts("mail").await.len(), 1);
}

#[tokio::test]
async fn a_request_that_is_still_running_holds_its_key() {
    let sandbox = TestSandbox::start();
    let slow = json!({"resend": {"send": {"latencyMs": 1000, "times": 1}}});
    sandbox.break_it(&slow).await;
    let mail = mail_to("ada@example.com");
    let first = tokio::spawn(Answer::of(sandbox.send_keyed("k", &mail)));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let second = Answer::of(sandbox.send_keyed("k", &mail)).await;
    second.refused(409, "concurrent_idempotent_requests");
    let first = first.await.unwrap();
    assert_eq!(first.status, 200);
    let third = Answer::of(sandbox.send_keyed("k", &mail)).await;
    assert_eq!(third.body, first.body);
    assert_eq!(sandbox.facts("mail").await.len(), 1);
}

#[tokio::test]
async fn many_at_once_send_one_mail() {
    let sandbox = TestSandbox::start();
    let mail = mail_to("ada@example.com");
    let requests: Vec<_> = (0..40)
        .map(|_| tokio::spawn(Answer::of(sandbox.send_keyed("k", &mail))))
        .collect();
    let mut ids = BTreeSet::new();
    for request in requests {
        let answer = request.await.unwrap();
        if answer.status == 200 {
            ids.insert(answer.body["id"].to_string());
        } else {
            answer.refused(409, "concurrent_idempotent_requests");
        }
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(sandbox.facts("mail").await.len(), 1);
    let executed = sandbox.facts("request").await;
    let executed = executed.iter().filter(|fact| fact["outcome"] == "executed");
    assert_eq!(executed.count(), 1);
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let sandbox = TestSandbox::start();
    let mail = mail_to("ada@example.com");
    let first = Answer::of(sandbox.send_keyed("k", &mail)).await;
    sandbox
        .clock
        .advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    let before = Answer::of(sandbox.send_keyed("k", &mail)).await;
    assert_eq!(first.body, before.body);
    sandbox.clock.advance(TimeDelta::seconds(1));
    let after = Answer::of(sandbox.send_keyed("k", &mail)).await;
    assert_ne!(first.body, after.body);
    assert_eq!(sandbox.facts("mail").await.len(), 2);
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let sandbox = TestSandbox::start();
    let bad = Answer::of(sandbox.send_keyed("k", &mail_to("nobody"))).await;
    bad.refused(422, "validation_error");
    let good = Answer::of(sandbox.send_keyed("k", &mail_to("ada@example.com"))).await;
    assert_eq!(good.status, 200);
}

#[tokio::test]
async fn a_key_has_1_to_256_characters() {
    let sandbox = TestSandbox::start();
    let mail = mail_to("ada@example.com");
    for key in [String::new(), "k".repeat(257)] {
        let answer = Answer::of(sandbox.send_keyed(&key, &mail)).await;
        answer.refused(400, "invalid_idempotency_key");
    }
    let longest = Answer::of(sandbox.send_keyed(&"k".repeat(256), &mail)).await;
    assert_eq!(longest.status, 200);
    assert_eq!(sandbox.facts("mail").await.len(), 1);
}
