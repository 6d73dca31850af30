//! Everything that the provider may say instead of yes.

use chrono::TimeDelta;
use events::auth::MailKind;
use serde_json::json;

use crate::app::TestApp;
use crate::provider::Then;
use test_support::stand_in::Reply;

fn html(status: u16) -> Reply {
    Reply::Answer {
        status,
        headers: Vec::new(),
        body: "<html>Bad gateway</html>".to_owned(),
    }
}

/// Sends one mail to a provider that says this first, and answers how often it was asked once the mail is sent.
async fn sent_after(first: Then) -> usize {
    let app = TestApp::start().await;
    app.world.provider.then([first]);
    let wanted = app.want(MailKind::PasswordReset).await;
    let waiting = app
        .until(&wanted, |row| row["last_error"].is_string())
        .await;
    assert_eq!(waiting["status"], "sending", "{waiting:#}");
    app.pass(TimeDelta::minutes(1));
    app.until_status(&wanted, "sent").await;
    let requests = app.world.provider.requests();
    for request in &requests {
        assert_eq!(
            request.body, requests[0].body,
            "the bytes of a retry differ"
        );
        assert_eq!(
            request.header("idempotency-key"),
            requests[0].header("idempotency-key")
        );
    }
    assert_eq!(app.world.provider.left().len(), 1);
    assert_eq!(app.world.auth.asked().len(), 1, "the link is made once");
    requests.len()
}

#[tokio::test]
async fn what_passes_is_tried_again_with_the_same_bytes_under_the_same_key() {
    let cases = [
        Then::error(500, "application_error"),
        Then::error(503, "service_unavailable"),
        Then::error(429, "rate_limit_exceeded"),
        Then::error(409, "concurrent_idempotent_requests"),
        Then::error(409, "resource_locked"),
        Then::Refuse(html(502)),
        Then::Refuse(html(422)),
        Then::Refuse(Reply::HangUp),
        Then::Refuse(Reply::json(200, &json!({ "ok": true }))),
    ];
    for case in cases {
        let said = format!("{case:?}");
        assert_eq!(sent_after(case).await, 2, "{said}");
    }
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_given_up_after_ten_seconds_and_asked_again() {
    assert_eq!(sent_after(Then::Refuse(Reply::Silence)).await, 2);
}

#[tokio::test]
async fn what_is_wrong_with_the_mail_ends_it() {
    let app = TestApp::start().await;
    for (status, name) in [
        (422, "validation_error"),
        (422, "missing_required_field"),
        (400, "validation_error"),
        (409, "invalid_idempotent_request"),
    ] {
        app.world.provider.then([Then::error(status, name)]);
        let before = app.world.provider.requests().len();
        let wanted = app.want(MailKind::NewDevice).await;
        let row = app.until_status(&wanted, "failed").await;
        let why = row["last_error"].as_str().unwrap();
        assert!(why.contains(name), "{why}");
        assert!(row["request_ct"].is_null(), "the body is gone");
        assert!(row["recipient_ct"].is_string(), "whom it was for is known");
        app.pass(TimeDelta::hours(1));
        tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
        assert_eq!(
            app.world.provider.requests().len(),
            before + 1,
            "{name} was tried again"
        );
    }
    let failed = app.promised("notification.failed").await;
    assert_eq!(failed.len(), 4);
    assert_eq!(failed[0]["data"]["reason"], "refused");
    assert!(app.promised("notification.sent").await.is_empty());
}

/// Whatever refuses all mails fails none of them, and is not asked about with each.
async fn holds_everything(first: Then) {
    let app = TestApp::start().await;
    app.world.provider.then([first]);
    let first = app.want(MailKind::PasswordReset).await;
    let row = app.until(&first, |row| row["last_error"].is_string()).await;
    assert_eq!(row["status"], "sending");
    assert!(
        row["first_sending_at"].is_null(),
        "it certainly did not leave: {row:#}"
    );
    let second = app.want(MailKind::NewDevice).await;
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    assert_eq!(app.world.provider.requests().len(), 1, "everything waits");
    let second = app.message(&second).await;
    assert_eq!(second["status"], "pending");
    assert_eq!(
        app.world.auth.asked().len(),
        1,
        "no link is made that would grow old"
    );
}

#[tokio::test]
async fn a_wrong_key_fails_no_mail() {
    tokio::join!(
        holds_everything(Then::error(401, "missing_api_key")),
        holds_everything(Then::error(403, "invalid_api_key")),
        holds_everything(Then::error(403, "validation_error")),
        holds_everything(Then::Refuse(Reply::Answer {
            status: 403,
            headers: Vec::new(),
            body: "error code: 1010".to_owned(),
        })),
    );
}

#[tokio::test]
async fn a_used_up_quota_is_not_asked_about_again_and_again() {
    tokio::join!(
        holds_everything(Then::error(429, "daily_quota_exceeded")),
        holds_everything(Then::error(429, "monthly_quota_exceeded")),
        holds_everything(Then::error(403, "email_above_quota")),
    );
}

#[tokio::test]
async fn once_the_key_is_mended_the_mail_leaves_however_long_that_took() {
    let app = TestApp::start().await;
    app.world
        .provider
        .then([Then::error(401, "invalid_api_key")]);
    let wanted = app.want(MailKind::NewDevice).await;
    app.until(&wanted, |row| row["last_error"].is_string())
        .await;
    // Another process, as after a restart with the new key.
    let world = app.stop();
    world.clock.advance(TimeDelta::days(2));
    let app = TestApp::start_with(crate::app::Options {
        world: Some(world),
        ..Default::default()
    })
    .await;
    app.until_status(&wanted, "sent").await;
}

#[tokio::test]
async fn a_link_that_no_longer_works_is_not_sent() {
    let app = TestApp::start().await;
    app.world
        .provider
        .then([Then::error(429, "rate_limit_exceeded")]);
    let wanted = app
        .want_with(MailKind::PasswordReset, |mail| {
            let until = common::Clock::now(&common::clock::SystemClock) + TimeDelta::hours(1);
            mail["linkExpiresAt"] = json!(until.to_rfc3339());
        })
        .await;
    app.until(&wanted, |row| row["last_error"].is_string())
        .await;
    app.pass(TimeDelta::hours(2));
    let row = app.until_status(&wanted, "failed").await;
    assert!(
        row["last_error"].as_str().unwrap().contains("link"),
        "{row:#}"
    );
    assert!(app.world.provider.left().is_empty());
    assert_eq!(
        app.promised("notification.failed").await[0]["data"]["reason"],
        "too_late"
    );
}
