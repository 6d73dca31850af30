//! Keys, names and the rate limit.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;

use crate::app::{Answer, TestSandbox, mail_to};

#[tokio::test]
async fn a_request_without_a_key_is_refused() {
    let sandbox = TestSandbox::start();
    let request = sandbox
        .client
        .post(sandbox.url("/resend/emails"))
        .header("user-agent", "tests")
        .json(&mail_to("ada@example.com"));
    Answer::of(request).await.refused(401, "missing_api_key");
    let facts = sandbox.facts("request").await;
    assert_eq!(facts[0]["outcome"], "refused");
    assert_eq!(facts[0]["error"], "missing_api_key");
    assert!(sandbox.facts("mail").await.is_empty());
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let sandbox = TestSandbox::start();
    for header in ["Bearer sk_test", "Bearer re_", "Basic re_test", "re_test"] {
        let request = sandbox
            .client
            .post(sandbox.url("/resend/emails"))
            .header("user-agent", "tests")
            .header("authorization", header)
            .json(&mail_to("ada@example.com"));
        Answer::of(request).await.refused(403, "invalid_api_key");
    }
}

#[tokio::test]
async fn only_the_configured_key_opens() {
    let sandbox = TestSandbox::start_with(&[
        ("SANDBOX__RESEND__API_KEY", "re_full"),
        ("SANDBOX__RESEND__SENDING_API_KEY", "re_less"),
    ]);
    for (key, status) in [("re_full", 200), ("re_less", 200), ("re_test", 403)] {
        let request = sandbox
            .client
            .post(sandbox.url("/resend/emails"))
            .header("user-agent", "tests")
            .bearer_auth(key)
            .json(&mail_to("ada@example.com"));
        assert_eq!(Answer::of(request).await.status, status, "{key}");
    }
}

#[tokio::test]
async fn a_sending_key_does_nothing_else() {
    let sandbox = TestSandbox::start();
    let id = sandbox.accepted(&mail_to("ada@example.com")).await;
    let request = sandbox
        .client
        .get(sandbox.url(&format!("/resend/emails/{id}")))
        .header("user-agent", "tests")
        .bearer_auth("re_sending_1");
    Answer::of(request).await.refused(401, "restricted_api_key");
}

#[tokio::test]
async fn a_program_without_a_name_is_turned_away() {
    let sandbox = TestSandbox::start();
    let head = "Authorization: Bearer re_test\r\n";
    let answer = sandbox.raw(head, &mail_to("ada@example.com")).await;
    assert_eq!(answer.status(), 403);
    assert!(
        answer.text().ends_with("error code: 1010"),
        "{}",
        answer.text()
    );
    assert!(sandbox.facts("mail").await.is_empty());
}

#[tokio::test]
async fn the_rate_limit_is_told_and_enforced() {
    let sandbox = TestSandbox::start_with(&[("SANDBOX__RESEND__RATE_LIMIT", "2")]);
    for remaining in ["1", "0"] {
        let answer = Answer::of(sandbox.send(&mail_to("ada@example.com"))).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("ratelimit-limit"), "2");
        assert_eq!(answer.header("ratelimit-remaining"), remaining);
        assert_eq!(answer.header("ratelimit-reset"), "1");
        assert!(!answer.headers.contains_key("retry-after"));
    }
    let answer = Answer::of(sandbox.send(&mail_to("ada@example.com"))).await;
    answer.refused(429, "rate_limit_exceeded");
    assert_eq!(answer.header("ratelimit-remaining"), "0");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(sandbox.facts("mail").await.len(), 2);
    sandbox.clock.advance(TimeDelta::seconds(1));
    sandbox.accepted(&mail_to("ada@example.com")).await;
}

#[tokio::test]
async fn what_is_not_offered_is_said() {
    let sandbox = TestSandbox::start();
    let wrong_method = sandbox.vendor(Method::GET, "/resend/emails");
    Answer::of(wrong_method)
        .await
        .refused(405, "method_not_allowed");
    let nowhere = sandbox.post("/resend/domains", &json!({}));
    Answer::of(nowhere).await.refused(404, "not_found");
}
