//! What leaves, and what is left behind.

use std::time::Duration;

use chrono::TimeDelta;
use common::context::TraceParent;
use common::ids;
use events::auth::MailKind;
use messaging::Outcome;
use serde_json::{Value, json};

use crate::app::{ADA, LINK, TestApp};
use crate::auth::MailAnswer;

#[tokio::test]
async fn a_mail_that_is_due_leaves_once_and_whole() {
    let app = TestApp::start().await;
    let wanted = app.want(MailKind::PasswordReset).await;
    let row = app.until_status(&wanted, "sent").await;
    let left = app.world.provider.left();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["from"], "Agape <no-reply@shop.example>");
    assert_eq!(left[0]["to"], json!([ADA]));
    assert_eq!(left[0]["subject"], "Set a new password for Agape");
    assert_eq!(
        left[0]["tags"],
        json!([{ "name": "template", "value": "password_reset" }])
    );
    let link = format!("{LINK}1");
    assert!(left[0]["text"].as_str().unwrap().contains(&link));
    assert!(
        left[0]["html"]
            .as_str()
            .unwrap()
            .contains(&link.replace('/', "&#x2f;"))
    );

    let request = &app.world.provider.requests()[0];
    assert_eq!(request.header("authorization"), "Bearer re_test_key");
    assert_eq!(request.header("content-type"), "application/json");
    assert!(
        request
            .header("user-agent")
            .starts_with("agape-notifications/")
    );
    let id = row["id"].as_str().unwrap();
    assert_eq!(
        request.header("idempotency-key"),
        format!("password_reset/{id}")
    );

    assert_eq!(row["provider_id"], "49a3999c-0ce1-4ea6-ab68-000000000001");
    assert_eq!(
        row["request_ct"],
        Value::Null,
        "the body is gone once it is sent"
    );
    assert_eq!(row["user_id"], json!(wanted.user_id));
    let sent = app.promised("notification.sent").await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["data"]["notificationId"], row["id"]);
    assert_eq!(sent[0]["data"]["template"], "password_reset");
    assert_eq!(sent[0]["data"]["userId"], json!(wanted.user_id));
    assert!(
        !sent[0].to_string().contains('@'),
        "events name no address: {}",
        sent[0]
    );
}

#[tokio::test]
async fn every_kind_of_mail_leaves() {
    let app = TestApp::start().await;
    let mut all = Vec::new();
    for kind in MailKind::ALL {
        all.push(app.want(kind).await);
    }
    for wanted in &all {
        app.until_status(wanted, "sent").await;
    }
    let left = app.world.provider.left();
    assert_eq!(left.len(), MailKind::ALL.len());
    for mail in left {
        for part in ["subject", "html", "text"] {
            assert!(!mail[part].as_str().unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn the_same_wish_heard_twice_makes_one_mail() {
    let app = TestApp::start().await;
    let wanted = app.expect(MailKind::NewDevice, |_| {});
    let event = ids::new_id();
    assert_eq!(app.hear_as(&wanted, event, None).await, Outcome::Applied);
    assert_eq!(app.hear_as(&wanted, event, None).await, Outcome::Duplicate);
    assert_eq!(
        app.hear(&wanted).await,
        Outcome::Duplicate,
        "under another event id"
    );
    app.until_status(&wanted, "sent").await;
    assert_eq!(
        app.hear(&wanted).await,
        Outcome::Duplicate,
        "also after it was sent"
    );
    app.want(MailKind::NewDevice).await;
    app.until_requests(2).await;
    assert_eq!(app.world.provider.left().len(), 2);
    let count = app
        .rows("SELECT count(*) AS n FROM notifications.messages")
        .await;
    assert_eq!(count[0]["n"], 2);
}

#[tokio::test]
async fn many_wishes_heard_at_once_make_one_mail_each() {
    let app = TestApp::start().await;
    let wanted = app.expect(MailKind::NewDevice, |_| {});
    let hear = || app.hear(&wanted);
    let outcomes = tokio::join!(hear(), hear(), hear(), hear());
    let outcomes = [outcomes.0, outcomes.1, outcomes.2, outcomes.3];
    let applied = outcomes.iter().filter(|o| **o == Outcome::Applied).count();
    assert_eq!(applied, 1, "{outcomes:?}");
    app.until_status(&wanted, "sent").await;
    assert_eq!(app.world.provider.left().len(), 1);
}

#[tokio::test]
async fn no_address_and_no_link_lies_in_the_database() {
    let app = TestApp::start().await;
    app.world.provider.always(Some(crate::provider::Then::error(
        503,
        "service_unavailable",
    )));
    let wanted = app.want(MailKind::PasswordReset).await;
    let sending = app
        .until(&wanted, |row| {
            row["status"] == "sending" && row["last_error"].is_string()
        })
        .await;
    assert!(sending["request_ct"].is_string() && sending["recipient_ct"].is_string());
    let everything = app
        .rows("SELECT (SELECT jsonb_agg(m) FROM notifications.messages m) AS m, (SELECT jsonb_agg(o) FROM notifications.outbox o) AS o")
        .await[0]
        .to_string();
    for secret in [ADA, "Ada", "token=t"] {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(
            !everything.contains(secret) && !everything.contains(&hex),
            "{secret} in {everything}"
        );
    }
    // Sealed anew for each row: equal addresses do not look equal, except to whoever has the index key.
    let other = app.want(MailKind::PasswordReset).await;
    let other = app.until_status(&other, "sending").await;
    assert_ne!(other["recipient_ct"], sending["recipient_ct"]);
    assert_eq!(other["recipient_bidx"], sending["recipient_bidx"]);
}

#[tokio::test]
async fn names_are_text_and_nothing_else() {
    let app = TestApp::start().await;
    let wanted = app
        .want_with(MailKind::VerifyEmail, |mail| {
            mail["name"] = json!("<b>Ada</b> & \"co\"");
        })
        .await;
    app.until_status(&wanted, "sent").await;
    let mail = &app.world.provider.left()[0];
    let html = mail["html"].as_str().unwrap();
    assert!(html.contains("&lt;b&gt;Ada&lt;&#x2f;b&gt; &amp; &quot;co&quot;"));
    assert!(!html.contains("<b>Ada"));
    assert!(
        mail["text"]
            .as_str()
            .unwrap()
            .contains("<b>Ada</b> & \"co\"")
    );
}

#[tokio::test]
async fn a_recipient_that_could_be_two_is_not_written_to() {
    let app = TestApp::start().await;
    for to in [
        "a@example.com,b@example.com",
        "a@example.com\r\nBcc: b@example.com",
    ] {
        let wanted = app
            .want_with(MailKind::NewDevice, |mail| mail["to"] = json!(to))
            .await;
        let row = app.until_status(&wanted, "failed").await;
        assert!(!row["last_error"].as_str().unwrap().contains('@'), "{row}");
    }
    assert!(app.world.provider.requests().is_empty());
    let failed = app.promised("notification.failed").await;
    assert_eq!(failed[0]["data"]["reason"], "unmakeable");
}

#[tokio::test]
async fn what_is_no_longer_due_is_not_sent() {
    let app = TestApp::start().await;
    let confirmed = app.expect(MailKind::VerifyEmail, |_| {});
    app.world
        .auth
        .say(&confirmed.mail_id.to_string(), MailAnswer::NotDue);
    app.hear(&confirmed).await;
    let mut unknown = app.expect(MailKind::VerifyEmail, |_| {});
    unknown.mail_id = ids::new_id();
    app.hear(&unknown).await;
    for wanted in [&confirmed, &unknown] {
        let row = app.until_status(wanted, "cancelled").await;
        assert_eq!(row["last_error"], "it was no longer due");
    }
    assert!(app.world.provider.requests().is_empty());
    assert!(app.promised("notification.failed").await.is_empty());
}

#[tokio::test]
async fn while_auth_is_away_mails_wait() {
    let app = TestApp::start().await;
    let wanted = app.expect(MailKind::NewDevice, |_| {});
    let id = wanted.mail_id.to_string();
    for (answer, said) in [(MailAnswer::Down, "503"), (MailAnswer::Stranger, "403")] {
        app.world.auth.say(&id, answer);
        app.hear(&wanted).await;
        let row = app
            .until(&wanted, |row| {
                row["last_error"].as_str().is_some_and(|e| e.contains(said))
            })
            .await;
        assert_eq!(row["status"], "pending");
        app.pass(TimeDelta::minutes(1));
    }
    app.until(&wanted, |row| row["attempts"].as_i64().unwrap() >= 3)
        .await;
    app.say_due(&wanted, |_| {});
    // An attempt that is in hand while the clock jumps counts its pause from the new time.
    for _ in 0..10 {
        app.pass(TimeDelta::minutes(10));
        tokio::time::sleep(Duration::from_millis(500)).await;
        if app.message(&wanted).await["status"] == "sent" {
            break;
        }
    }
    app.until_status(&wanted, "sent").await;
}

#[tokio::test]
async fn sending_belongs_to_the_trace_of_whatever_asked_for_it() {
    let app = TestApp::start().await;
    let wanted = app.expect(MailKind::NewDevice, |_| {});
    let trace = TraceParent::random(true);
    app.hear_as(&wanted, ids::new_id(), Some(trace)).await;
    let row = app.until_status(&wanted, "sent").await;
    assert_eq!(row["traceparent"], trace.header());
    let asked = app.world.auth.asked();
    let seen = TraceParent::parse(asked[0].header("traceparent")).unwrap();
    assert_eq!(seen.trace_id, trace.trace_id);
    let sent = app.promised("notification.sent").await;
    assert!(
        sent[0]["traceparent"]
            .as_str()
            .unwrap()
            .contains(&trace.trace_id_hex())
    );
}

#[tokio::test]
async fn the_gauges_say_what_waits() {
    let app = TestApp::start().await;
    let wanted = app.want(MailKind::NewDevice).await;
    app.until_status(&wanted, "sent").await;
    let sent = r#"notifications_ended_total{status="sent",template="new_device",service="notifications"} 1"#;
    let mut metrics = app.ops("/metrics").await.1;
    // A mail is counted right after its end is committed.
    while !metrics.contains(sent) {
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        metrics = app.ops("/metrics").await.1;
    }
    for line in [
        r#"notifications_ended_total{status="failed",template="new_device",service="notifications"} 0"#,
        r#"notifications_put_off_total{reason="quota",service="notifications"} 0"#,
        r#"notifications_waiting{status="pending",service="notifications"} 0"#,
        r#"notifications_oldest_waiting_seconds{status="sending",service="notifications"} 0"#,
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}
