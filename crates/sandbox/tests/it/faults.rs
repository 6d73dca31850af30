//! Requests that go wrong on command.

use std::time::Duration;

use serde_json::json;

use crate::app::{Answer, TestSandbox, mail_to};

const MANNERS: &str =
    "User-Agent: tests\r\nAuthorization: Bearer re_test\r\nIdempotency-Key: k\r\n";

#[tokio::test]
async fn a_dropped_request_was_executed_and_not_one_byte_comes_back() {
    let sandbox = TestSandbox::start();
    let drop_one = json!({"resend": {"send": {"dropAfterExecute": true, "times": 1}}});
    sandbox.break_it(&drop_one).await;
    let mail = mail_to("ada@example.com");
    let started = std::time::Instant::now();
    let answer = sandbox.raw(MANNERS, &mail).await;
    assert!(answer.is_empty(), "{}", answer.text());
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "the connection was closed"
    );

    let mails = sandbox.control("/_sandbox/mail?to=ada@example.com").await;
    assert_eq!(mails.as_array().unwrap().len(), 1);
    let facts = sandbox.facts("request").await;
    assert_eq!(facts[0]["outcome"], "executed");
    assert_eq!(facts[0]["fault"], "dropAfterExecute");
    assert!(facts[0].get("status").is_none());

    let retry = Answer::of(sandbox.send_keyed("k", &mail)).await;
    assert_eq!(retry.body["id"], mails[0]["id"]);
    assert_eq!(sandbox.facts("mail").await.len(), 1);
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_stop_its_request() {
    let sandbox = TestSandbox::start();
    let slow = json!({"resend": {"send": {"latencyMs": 500, "times": 1}}});
    sandbox.break_it(&slow).await;
    let mail = mail_to("ada@example.com");
    let impatient = sandbox
        .send_keyed("k", &mail)
        .timeout(Duration::from_millis(150));
    assert!(impatient.send().await.unwrap_err().is_timeout());
    assert!(sandbox.facts("mail").await.is_empty());
    let facts = sandbox.wait_for("mail", 1).await;
    let retry = Answer::of(sandbox.send_keyed("k", &mail)).await;
    assert_eq!(retry.body["id"], facts[0]["id"]);
    assert_eq!(sandbox.facts("mail").await.len(), 1);
}

#[tokio::test]
async fn an_injected_error_sends_nothing_and_ends_after_its_times() {
    let sandbox = TestSandbox::start();
    let mail = mail_to("ada@example.com");
    let twice = json!({"resend": {"send": {"status": 500, "times": 2}}});
    sandbox.break_it(&twice).await;
    for _ in 0..2 {
        let answer = Answer::of(sandbox.send_keyed("k", &mail)).await;
        answer.refused(500, "application_error");
    }
    assert!(sandbox.facts("mail").await.is_empty());
    let answer = Answer::of(sandbox.send_keyed("k", &mail)).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn any_error_of_the_vendor_can_be_asked_for() {
    let sandbox = TestSandbox::start();
    for (status, name) in [
        (401, "restricted_api_key"),
        (403, "suspended_api_key"),
        (409, "resource_locked"),
        (429, "daily_quota_exceeded"),
        (429, "monthly_quota_exceeded"),
        (451, "security_error"),
        (500, "internal_server_error"),
        (503, "service_unavailable"),
    ] {
        let fault = json!({"status": status, "name": name});
        sandbox.break_it(&json!({"resend": {"batch": fault}})).await;
        let batch = json!([mail_to("ada@example.com")]);
        let answer = Answer::of(sandbox.post("/resend/emails/batch", &batch)).await;
        answer.refused(status, name);
        assert_eq!(answer.headers.contains_key("retry-after"), status == 429);
    }
}

#[tokio::test]
async fn a_request_that_hangs_does_nothing() {
    let sandbox = TestSandbox::start();
    sandbox
        .break_it(&json!({"resend": {"send": {"hang": true}}}))
        .await;
    let request = sandbox
        .send(&mail_to("ada@example.com"))
        .timeout(Duration::from_millis(300));
    assert!(request.send().await.unwrap_err().is_timeout());
    assert_eq!(sandbox.facts("request").await[0]["outcome"], "hung");
    assert!(sandbox.facts("mail").await.is_empty());
    let elsewhere = json!([mail_to("ada@example.com")]);
    let batch = Answer::of(sandbox.post("/resend/emails/batch", &elsewhere)).await;
    assert_eq!(batch.status, 200);
}
