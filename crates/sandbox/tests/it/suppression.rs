//! Addresses that are not sent to.

use serde_json::json;

use crate::app::{Answer, TestSandbox, mail_to};

#[tokio::test]
async fn test_addresses_have_their_fate_each_time() {
    let sandbox = TestSandbox::start();
    for (to, event) in [
        ("delivered@resend.dev", "delivered"),
        ("bounced@resend.dev", "bounced"),
        ("bounced@resend.dev", "bounced"),
        ("bounced+label@resend.dev", "bounced"),
        ("complained@resend.dev", "complained"),
        ("suppressed@resend.dev", "suppressed"),
    ] {
        let id = sandbox.accepted(&mail_to(to)).await;
        sandbox.becomes(&id, event).await;
    }
    assert_eq!(
        sandbox.control("/_sandbox/resend/suppressions").await,
        json!([])
    );
}

#[tokio::test]
async fn a_bounce_puts_an_address_on_the_list() {
    let sandbox = TestSandbox::start();
    let id = sandbox.accepted(&mail_to("Ada <ada@example.com>")).await;
    sandbox.becomes(&id, "delivered").await;
    let url = sandbox.url(&format!("/_sandbox/resend/emails/{id}/events"));
    let ask = sandbox.client.post(&url).json(&json!({"type": "bounced"}));
    assert_eq!(Answer::of(ask).await.status, 202);
    sandbox.becomes(&id, "bounced").await;
    let listed = json!([{"address": "ada@example.com", "reason": "previous_bounce"}]);
    assert_eq!(
        sandbox.control("/_sandbox/resend/suppressions").await,
        listed
    );
    let next = sandbox.accepted(&mail_to("ada@example.com")).await;
    sandbox.becomes(&next, "suppressed").await;
    assert_eq!(sandbox.facts("suppression").await.len(), 1);
}

#[tokio::test]
async fn the_list_can_be_changed() {
    let sandbox = TestSandbox::start();
    let url = sandbox.url("/_sandbox/resend/suppressions/ada@example.com");
    let put = sandbox
        .client
        .put(&url)
        .json(&json!({"reason": "previous_complaint"}));
    assert_eq!(put.send().await.unwrap().status(), 204);
    let id = sandbox.accepted(&mail_to("ada@example.com")).await;
    sandbox.becomes(&id, "suppressed").await;
    for status in [204, 404] {
        assert_eq!(
            sandbox.client.delete(&url).send().await.unwrap().status(),
            status
        );
    }
    let id = sandbox.accepted(&mail_to("ada@example.com")).await;
    sandbox.becomes(&id, "delivered").await;
    let bad = sandbox.client.put(&url).json(&json!({"reason": "whim"}));
    assert_eq!(bad.send().await.unwrap().status(), 400);
}
