//! The control's own answers.

use serde_json::{Value, json};

use crate::app::{Answer, TestSandbox, mail_to};

#[tokio::test]
async fn faults_are_set_shown_counted_and_taken_back() {
    let sandbox = TestSandbox::start();
    assert_eq!(sandbox.control("/_sandbox/faults").await, json!({}));
    let faults = json!({"resend": {"send": {"status": 503, "times": 2},
        "webhook": {"duplicateWebhooks": true}}});
    sandbox.break_it(&faults).await;
    Answer::of(sandbox.send(&mail_to("ada@example.com")))
        .await
        .refused(503, "service_unavailable");
    let shown = sandbox.control("/_sandbox/faults").await;
    assert_eq!(shown["resend"]["send"]["times"], 1);
    assert_eq!(shown["resend"]["webhook"]["duplicateWebhooks"], 1);
    let answer = sandbox
        .client
        .delete(sandbox.url("/_sandbox/faults"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(sandbox.control("/_sandbox/faults").await, json!({}));
    sandbox.accepted(&mail_to("ada@example.com")).await;
}

#[tokio::test]
async fn a_fault_that_nobody_knows_is_refused_and_changes_nothing() {
    let sandbox = TestSandbox::start();
    sandbox
        .break_it(&json!({"resend": {"send": {"hang": true}}}))
        .await;
    for (body, part) in [
        (r#"{"resend":{"send":{"lag":1}}}"#, "unknown field `lag`"),
        (r#"{"paypal":{}}"#, "unknown field `paypal`"),
        ("{", "EOF"),
    ] {
        let request = sandbox
            .client
            .put(sandbox.url("/_sandbox/faults"))
            .body(body);
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, 400);
        assert!(
            answer.body["error"].as_str().unwrap().contains(part),
            "{}",
            answer.body
        );
    }
    assert_eq!(
        sandbox.control("/_sandbox/faults").await["resend"]["send"]["hang"],
        true
    );
}

#[tokio::test]
async fn the_journal_is_ordered_and_can_be_read_on() {
    let sandbox = TestSandbox::start();
    for _ in 0..3 {
        sandbox.accepted(&mail_to("ada@example.com")).await;
    }
    let journal = sandbox.control("/_sandbox/journal").await;
    let seqs: Vec<u64> = journal
        .as_array()
        .unwrap()
        .iter()
        .map(|fact| fact["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6]);
    let later = sandbox
        .control("/_sandbox/journal?vendor=resend&after=4")
        .await;
    assert_eq!(later.as_array().unwrap().len(), 2);
    let unknown = sandbox
        .client
        .get(sandbox.url("/_sandbox/journal?vendor=paypal"))
        .send()
        .await
        .unwrap();
    assert_eq!(unknown.status(), 400);
    let refusal: Value = unknown.json().await.unwrap();
    assert!(refusal["error"].is_string(), "{refusal}");
}

#[tokio::test]
async fn it_says_that_it_is_well() {
    let sandbox = TestSandbox::start();
    let health: Value = sandbox.control("/healthz").await;
    assert_eq!(health, json!({"status": "ok"}));
}
