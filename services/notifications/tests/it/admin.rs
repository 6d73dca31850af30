//! What operators see and may do.

use common::ids;
use events::auth::MailKind;
use reqwest::Method;
use serde_json::{Value, json};

use test_support::service::{Ask as _, Reply};

use crate::app::{ADA, TestApp, service_token};
use crate::auth::MailAnswer;
use crate::provider::Then;

const LIST: &str = "/api/v1/admin/notifications";

async fn list(app: &TestApp, query: &str) -> Reply {
    app.request(Method::GET, &format!("{LIST}{query}"))
        .bearer_auth(app.token("admin"))
        .reply()
        .await
}

async fn resend(app: &TestApp, id: &str) -> Reply {
    app.request(Method::POST, &format!("{LIST}/{id}/resend"))
        .bearer_auth(app.token("admin"))
        .reply()
        .await
}

fn ids_of(reply: &Reply) -> Vec<&str> {
    assert_eq!(reply.status, 200, "{}", reply.body);
    let mails = reply.body["data"]["notifications"].as_array().unwrap();
    mails
        .iter()
        .map(|mail| mail["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn only_administrators_may() {
    let app = TestApp::start().await;
    let resend_path = format!("{LIST}/{}/resend", ids::new_id());
    for (method, path) in [(Method::GET, LIST), (Method::POST, resend_path.as_str())] {
        let request = || app.request(method.clone(), path);
        request()
            .reply()
            .await
            .assert_error(401, "AUTHENTICATION_ERROR");
        let service = request().bearer_auth(service_token("auth")).reply().await;
        service.assert_error(401, "AUTHENTICATION_ERROR");
        for role in ["customer", "merchant", "fulfilment", "finance"] {
            let reply = request().bearer_auth(app.token(role)).reply().await;
            reply.assert_error(403, "AUTHORIZATION_ERROR");
        }
        let reply = request().bearer_auth(app.token("admin")).reply().await;
        assert!([200, 404].contains(&reply.status), "{}", reply.body);
    }
}

#[tokio::test]
async fn mails_are_found_by_status_template_and_recipient() {
    let app = TestApp::start().await;
    let reset = app.want(MailKind::PasswordReset).await;
    let reset = app.until_status(&reset, "sent").await;
    app.pass(chrono::TimeDelta::seconds(1));
    let eves = app
        .want_with(MailKind::NewDevice, |mail| {
            mail["to"] = json!("eve@example.com");
        })
        .await;
    let eves = app.until_status(&eves, "sent").await;
    app.pass(chrono::TimeDelta::seconds(1));
    app.world
        .provider
        .then([Then::error(422, "validation_error")]);
    let failed = app.want(MailKind::NewDevice).await;
    let failed = app.until_status(&failed, "failed").await;
    let (reset, eves, failed) = (
        reset["id"].as_str().unwrap(),
        eves["id"].as_str().unwrap(),
        failed["id"].as_str().unwrap(),
    );
    assert_eq!(
        ids_of(&list(&app, "").await),
        [failed, eves, reset],
        "newest first"
    );
    assert_eq!(ids_of(&list(&app, "?status=failed").await), [failed]);
    assert_eq!(
        ids_of(&list(&app, "?template=new_device").await),
        [failed, eves]
    );
    assert_eq!(
        ids_of(&list(&app, "?template=new_device&status=sent").await),
        [eves]
    );
    assert_eq!(
        ids_of(&list(&app, "?recipient=ADA%40example.com").await),
        [failed, reset]
    );
    assert_eq!(
        ids_of(&list(&app, "?recipient=ada%40example.co").await),
        [""; 0]
    );
    assert_eq!(
        ids_of(&list(&app, "?status=&template=&recipient=").await).len(),
        3
    );

    let page = list(&app, "?page=2&limit=2").await;
    assert_eq!(ids_of(&page), [reset]);
    let pagination =
        json!({ "page": 2, "limit": 2, "total": 3, "totalPages": 2, "totalIsEstimate": false });
    assert_eq!(page.body["data"]["pagination"], pagination);
    assert_eq!(page.headers["cache-control"], "no-store");

    let mail = &page.body["data"]["notifications"][0];
    assert_eq!(mail["recipient"], ADA);
    assert_eq!(
        (&mail["status"], &mail["attempts"]),
        (&json!("sent"), &json!(1))
    );
    assert_eq!(mail["resendOf"], Value::Null);
    assert_eq!(mail["nextAttemptAt"], Value::Null);
    assert!(mail["sentAt"].as_str().unwrap().ends_with('Z'));
    assert!(mail.get("html").is_none() && mail.get("link").is_none());
    let audited = app
        .rows("SELECT action, metadata FROM notifications.audit_events")
        .await;
    assert!(!audited.is_empty());
    assert!(
        audited
            .iter()
            .all(|row| row["action"] == "notifications.listed")
    );
    assert!(
        !json!(audited).to_string().contains('@'),
        "whom somebody looked for is not written down"
    );
}

#[tokio::test]
async fn nonsense_is_refused() {
    let app = TestApp::start().await;
    for (query, field) in [
        ("?status=Sent", "status"),
        ("?template=newsletter", "template"),
        ("?recipient=ada", "recipient"),
        ("?recipient=a%40b.c%2Cd%40e.f", "recipient"),
        ("?page=0", "page"),
        ("?limit=101", "limit"),
    ] {
        let reply = list(&app, query).await;
        reply.assert_error(400, "VALIDATION_ERROR");
        assert_eq!(reply.field(), field, "{query}");
    }
    resend(&app, "1")
        .await
        .assert_error(400, "VALIDATION_ERROR");
    resend(&app, &ids::new_id().to_string())
        .await
        .assert_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_mail_is_sent_again_as_a_mail_of_its_own() {
    let app = TestApp::start().await;
    let wanted = app.want(MailKind::PasswordReset).await;
    let first = app.until_status(&wanted, "sent").await;
    let first_id = first["id"].as_str().unwrap();
    let reply = resend(&app, first_id).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let made = &reply.body["data"]["notification"];
    assert_eq!(made["resendOf"], first_id);
    assert_eq!(made["status"], "pending");
    assert_eq!(made["recipient"], Value::Null);
    app.until_requests(2).await;
    let requests = app.world.provider.requests();
    assert_ne!(
        requests[0].header("idempotency-key"),
        requests[1].header("idempotency-key")
    );
    assert_eq!(app.world.provider.left().len(), 2);
    assert_eq!(app.world.auth.asked().len(), 2, "it has a link of its own");

    let made_id = made["id"].as_str().unwrap();
    let sql = format!(
        "SELECT status FROM notifications.messages WHERE id = '{made_id}' AND status = 'sent'"
    );
    while app.rows(&sql).await.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    let third = resend(&app, made_id).await;
    assert_eq!(
        third.body["data"]["notification"]["resendOf"], first_id,
        "all point at the first"
    );
    let audited = app
        .rows("SELECT action, entity_id FROM notifications.audit_events ORDER BY id")
        .await;
    assert_eq!(
        audited[0],
        json!({ "action": "notification.resent", "entity_id": first_id })
    );
}

#[tokio::test]
async fn a_failed_and_a_cancelled_mail_may_be_sent_again_but_one_that_waits_may_not() {
    let app = TestApp::start().await;
    app.world
        .provider
        .then([Then::error(422, "validation_error")]);
    let failed = app.want(MailKind::NewDevice).await;
    let failed = app.until_status(&failed, "failed").await;
    assert_eq!(
        resend(&app, failed["id"].as_str().unwrap()).await.status,
        201
    );

    let cancelled = app.expect(MailKind::NewDevice, |_| {});
    app.world
        .auth
        .say(&cancelled.mail_id.to_string(), MailAnswer::NotDue);
    app.hear(&cancelled).await;
    let row = app.until_status(&cancelled, "cancelled").await;
    assert_eq!(resend(&app, row["id"].as_str().unwrap()).await.status, 201);

    let waiting = app.expect(MailKind::NewDevice, |_| {});
    app.world
        .auth
        .say(&waiting.mail_id.to_string(), MailAnswer::Down);
    app.hear(&waiting).await;
    let row = app.message(&waiting).await;
    resend(&app, row["id"].as_str().unwrap())
        .await
        .assert_error(409, "INVALID_STATE");
    app.world
        .provider
        .always(Some(Then::error(503, "service_unavailable")));
    let sending = app.want(MailKind::NewDevice).await;
    let row = app.until_status(&sending, "sending").await;
    resend(&app, row["id"].as_str().unwrap())
        .await
        .assert_error(409, "INVALID_STATE");
}

#[tokio::test]
async fn a_repeated_order_with_one_key_makes_one_mail() {
    let app = TestApp::start().await;
    let wanted = app.want(MailKind::NewDevice).await;
    let row = app.until_status(&wanted, "sent").await;
    let path = format!("{LIST}/{}/resend", row["id"].as_str().unwrap());
    let token = app.token("admin");
    let order = || {
        app.request(Method::POST, &path)
            .bearer_auth(&token)
            .header("idempotency-key", "ticket-1")
            .reply()
    };
    let (first, again) = (order().await, order().await);
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.bytes, again.bytes);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    app.until_requests(2).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(app.world.provider.left().len(), 2);
}
