//! What the provider tells, and who says so.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use common::Clock as _;
use events::auth::MailKind;
use ring::hmac;
use serde_json::{Value, json};

use test_support::service::{Ask as _, Reply};

use crate::app::{ADA, PREVIOUS_SECRET, TestApp, WEBHOOK_SECRET, Wanted};

const PATH: &str = "/api/v1/webhooks/resend";

/// A webhook before it is sent.
struct Webhook {
    id: String,
    timestamp: i64,
    body: String,
    secret: &'static str,
}

impl Webhook {
    fn of(app: &TestApp, id: &str, body: &Value) -> Self {
        Self {
            id: id.to_owned(),
            timestamp: app.world.clock.now().timestamp(),
            body: body.to_string(),
            secret: WEBHOOK_SECRET,
        }
    }

    fn signature(&self) -> String {
        let key = STANDARD
            .decode(self.secret.trim_start_matches("whsec_"))
            .unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let signed = format!("{}.{}.{}", self.id, self.timestamp, self.body);
        format!(
            "v1,{}",
            STANDARD.encode(hmac::sign(&key, signed.as_bytes()))
        )
    }

    async fn send(&self, app: &TestApp) -> Reply {
        self.send_signed(app, &self.signature()).await
    }

    async fn send_signed(&self, app: &TestApp, signature: &str) -> Reply {
        app.request(reqwest::Method::POST, PATH)
            .header("svix-id", &self.id)
            .header("svix-timestamp", self.timestamp.to_string())
            .header("svix-signature", signature)
            .header("content-type", "application/json")
            .body(self.body.clone())
            .reply()
            .await
    }
}

fn told(kind: &str, provider_id: &Value, at: DateTime<Utc>) -> Value {
    json!({
        "type": format!("email.{kind}"), "created_at": at.to_rfc3339(),
        "data": {
            "email_id": provider_id, "created_at": at.to_rfc3339(), "from": "Agape <no-reply@shop.example>",
            "to": ["Ada@Example.com"], "subject": "Set a new password", "tags": { "template": "password_reset" },
            "bounce": { "type": "Permanent", "subType": "General", "message": "", "diagnosticCode": [] }
        }
    })
}

async fn sent_mail(app: &TestApp) -> (Wanted, Value) {
    let wanted = app.want(MailKind::PasswordReset).await;
    let row = app.until_status(&wanted, "sent").await;
    (wanted, row["provider_id"].clone())
}

#[tokio::test]
async fn a_delivery_is_noted_on_its_mail() {
    let app = TestApp::start().await;
    let (wanted, id) = sent_mail(&app).await;
    let at = app.world.clock.now();
    let reply = Webhook::of(&app, "msg_1", &told("delivered", &id, at))
        .send(&app)
        .await;
    assert_eq!(
        (reply.status, &reply.body["status"]),
        (200, &json!("success")),
        "{}",
        reply.body
    );
    let row = app.message(&wanted).await;
    assert_eq!(row["delivery"], "delivered");
    // What happened before it but arrives later does not replace it.
    let late = told("sent", &id, at - TimeDelta::seconds(2));
    assert_eq!(
        Webhook::of(&app, "msg_2", &late).send(&app).await.status,
        200
    );
    assert_eq!(app.message(&wanted).await["delivery"], "delivered");
    let clicked = told("clicked", &id, at + TimeDelta::seconds(2));
    assert_eq!(
        Webhook::of(&app, "msg_3", &clicked).send(&app).await.status,
        200
    );
    assert_eq!(app.message(&wanted).await["delivery"], "clicked");
}

#[tokio::test]
async fn what_is_told_before_we_know_that_a_mail_was_sent_is_not_lost() {
    let app = TestApp::start().await;
    let id = json!("49a3999c-0ce1-4ea6-ab68-000000000001");
    let event = told("delivered", &id, app.world.clock.now());
    assert_eq!(
        Webhook::of(&app, "msg_1", &event).send(&app).await.status,
        200
    );
    let (wanted, provider_id) = sent_mail(&app).await;
    assert_eq!(provider_id, id);
    assert_eq!(app.message(&wanted).await["delivery"], "delivered");
}

#[tokio::test]
async fn an_address_that_bounces_or_complains_gets_no_more_mail() {
    for kind in ["bounced", "complained", "suppressed"] {
        let app = TestApp::start().await;
        let (_, id) = sent_mail(&app).await;
        let event = told(kind, &id, app.world.clock.now());
        assert_eq!(
            Webhook::of(&app, "msg_1", &event).send(&app).await.status,
            200
        );
        assert_eq!(
            Webhook::of(&app, "msg_1", &event).send(&app).await.status,
            200,
            "told again"
        );
        let rows = app
            .rows("SELECT reason FROM notifications.suppressions")
            .await;
        assert_eq!(rows, [json!({ "reason": kind })]);

        let next = app.want(MailKind::NewDevice).await;
        let row = app.until_status(&next, "cancelled").await;
        assert_eq!(row["last_error"], format!("suppressed: {kind}"));
        assert!(
            row["recipient_bidx"].is_string(),
            "it can be found by its recipient"
        );
        let other = app
            .want_with(MailKind::NewDevice, |mail| {
                mail["to"] = json!("eve@example.com");
            })
            .await;
        app.until_status(&other, "sent").await;
        assert_eq!(app.world.provider.left().len(), 2);
        let kept = app.rows("SELECT * FROM notifications.webhook_events").await;
        assert_eq!(kept.len(), 1);
        assert!(!kept[0].to_string().contains('@'), "{}", kept[0]);
    }
}

#[tokio::test]
async fn what_passes_suppresses_nobody() {
    let app = TestApp::start().await;
    let (_, id) = sent_mail(&app).await;
    let mut transient = told("bounced", &id, app.world.clock.now());
    transient["data"]["bounce"]["type"] = json!("Transient");
    let events = [
        transient,
        told("delivery_delayed", &id, app.world.clock.now()),
        told("opened", &id, app.world.clock.now()),
        told("something_new", &id, app.world.clock.now()),
        json!({ "type": "contact.created", "created_at": "2026-01-13T10:30:00Z", "data": { "id": "x" } }),
        json!({ "type": "email.sent", "created_at": "2026-01-13T10:30:00Z", "data": { "to": ADA } }),
    ];
    for (number, event) in events.iter().enumerate() {
        let reply = Webhook::of(&app, &format!("msg_{number}"), event)
            .send(&app)
            .await;
        assert_eq!(reply.status, 200, "{event}: {}", reply.body);
    }
    assert!(
        app.rows("SELECT * FROM notifications.suppressions")
            .await
            .is_empty()
    );
    let next = app.want(MailKind::NewDevice).await;
    app.until_status(&next, "sent").await;
}

#[tokio::test]
async fn that_a_mail_was_taken_is_not_noted_again() {
    let app = TestApp::start().await;
    let (_, id) = sent_mail(&app).await;
    let taken = told("sent", &id, app.world.clock.now());
    let reply = Webhook::of(&app, "msg_1", &taken).send(&app).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let noted = app.rows("SELECT * FROM notifications.webhook_events").await;
    assert!(noted.is_empty(), "{noted:?}");
}

#[tokio::test]
async fn only_the_provider_is_believed() {
    let app = TestApp::start().await;
    let (_, id) = sent_mail(&app).await;
    let webhook = Webhook::of(
        &app,
        "msg_1",
        &told("complained", &id, app.world.clock.now()),
    );
    let right = webhook.signature();
    let forged = Webhook {
        secret: "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        body: webhook.body.clone(),
        id: webhook.id.clone(),
        ..webhook
    }
    .signature();
    for bad in [
        forged.as_str(),
        "v1,",
        "",
        &right[..20],
        &right.replace("v1,", "v1a,"),
    ] {
        let reply = webhook.send_signed(&app, bad).await;
        reply.assert_error(401, "AUTHENTICATION_ERROR");
    }
    let spaced = Webhook {
        body: webhook.body.replacen(':', ": ", 1),
        id: webhook.id.clone(),
        ..webhook
    };
    spaced
        .send_signed(&app, &right)
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    for missing in ["svix-id", "svix-timestamp", "svix-signature"] {
        let mut request = app
            .request(reqwest::Method::POST, PATH)
            .body(webhook.body.clone());
        let timestamp = webhook.timestamp.to_string();
        for (name, value) in [
            ("svix-id", "msg_1"),
            ("svix-timestamp", &timestamp),
            ("svix-signature", &right),
        ] {
            if name != missing {
                request = request.header(name, value);
            }
        }
        request
            .reply()
            .await
            .assert_error(401, "AUTHENTICATION_ERROR");
    }
    for minutes in [-6, 6] {
        let untimely = Webhook {
            timestamp: webhook.timestamp + minutes * 60,
            body: webhook.body.clone(),
            id: webhook.id.clone(),
            ..webhook
        };
        untimely
            .send(&app)
            .await
            .assert_error(401, "AUTHENTICATION_ERROR");
    }
    assert!(
        app.rows("SELECT * FROM notifications.webhook_events")
            .await
            .is_empty()
    );
    assert!(
        app.rows("SELECT * FROM notifications.suppressions")
            .await
            .is_empty()
    );
    let among_wrong = format!("{forged} {right}");
    assert_eq!(webhook.send_signed(&app, &among_wrong).await.status, 200);
}

#[tokio::test]
async fn the_previous_secret_and_the_standards_header_names_are_good_too() {
    let app = TestApp::start().await;
    let (_, id) = sent_mail(&app).await;
    let webhook = Webhook {
        secret: PREVIOUS_SECRET,
        ..Webhook::of(
            &app,
            "msg_1",
            &told("delivered", &id, app.world.clock.now()),
        )
    };
    assert_eq!(webhook.send(&app).await.status, 200);
    let renamed = Webhook::of(&app, "msg_2", &told("opened", &id, app.world.clock.now()));
    let reply = app
        .request(reqwest::Method::POST, PATH)
        .header("webhook-id", &renamed.id)
        .header("webhook-timestamp", renamed.timestamp.to_string())
        .header("webhook-signature", renamed.signature())
        .body(renamed.body.clone())
        .reply()
        .await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        app.rows("SELECT * FROM notifications.webhook_events")
            .await
            .len(),
        2
    );
}

#[tokio::test]
async fn what_is_signed_but_makes_no_sense_is_refused() {
    let app = TestApp::start().await;
    for body in [
        "",
        "[]",
        "{}",
        r#"{"type":"email.sent"}"#,
        r#"{"type":1,"created_at":"x","data":{}}"#,
    ] {
        let webhook = Webhook {
            body: body.to_owned(),
            ..Webhook::of(&app, "msg_1", &json!({}))
        };
        webhook
            .send(&app)
            .await
            .assert_error(400, "VALIDATION_ERROR");
    }
}
