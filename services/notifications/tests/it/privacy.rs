//! What is told to a person about themselves, and how they are forgotten.

use chrono::TimeDelta;
use common::ids;
use events::auth::MailKind;
use messaging::Outcome;
use reqwest::Method;
use serde_json::{Value, json};

use test_support::service::Ask as _;

use crate::app::{ADA, TestApp, Wanted, service_token};
use crate::auth::MailAnswer;
use crate::provider::Then;

async fn told(app: &TestApp, user: &str, issuer: &str) -> test_support::service::Reply {
    app.request(Method::GET, &format!("/internal/privacy/{user}"))
        .bearer_auth(service_token(issuer))
        .reply()
        .await
}

/// Another mail to the same person.
async fn also(app: &TestApp, person: &Wanted, kind: MailKind) -> Wanted {
    let mut wanted = app.expect(kind, |mail| mail["userId"] = json!(person.user_id));
    wanted.user_id = person.user_id;
    app.hear(&wanted).await;
    wanted
}

#[tokio::test]
async fn a_person_is_told_which_mails_they_got() {
    let app = TestApp::start().await;
    let wanted = app.want(MailKind::NewDevice).await;
    app.until_status(&wanted, "sent").await;
    let user = wanted.user_id.to_string();
    let reply = told(&app, &user, "auth").await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let mails = reply.body["data"]["notifications"].as_array().unwrap();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (
            &mails[0]["template"],
            &mails[0]["status"],
            &mails[0]["recipient"]
        ),
        (&json!("new_device"), &json!("sent"), &json!(ADA))
    );
    let nobody = told(&app, &ids::new_id().to_string(), "auth").await;
    assert_eq!(nobody.body["data"]["notifications"], json!([]));
    told(&app, &user, "payments")
        .await
        .assert_error(403, "AUTHORIZATION_ERROR");
    let path = format!("/internal/privacy/{user}");
    app.request(Method::GET, &path)
        .reply()
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    let person = app
        .request(Method::GET, &path)
        .bearer_auth(app.token("admin"))
        .reply()
        .await;
    person.assert_error(401, "AUTHENTICATION_ERROR");
}

#[tokio::test]
async fn who_is_forgotten_leaves_no_address_behind_and_gets_no_mail_but_the_last() {
    let app = TestApp::start().await;
    let sent = app.want(MailKind::NewDevice).await;
    app.until_status(&sent, "sent").await;
    let others = app.want(MailKind::NewDevice).await;
    let others = app.until_status(&others, "sent").await;
    app.world
        .provider
        .always(Some(Then::error(503, "service_unavailable")));
    let sending = also(&app, &sent, MailKind::PasswordChanged).await;
    let goodbye = also(&app, &sent, MailKind::AccountErased).await;
    app.until_status(&sending, "sending").await;
    app.until_status(&goodbye, "sending").await;
    let pending = app.expect(MailKind::PasswordChanged, |_| {});
    app.world
        .auth
        .say(&pending.mail_id.to_string(), MailAnswer::Down);
    let pending = Wanted {
        user_id: sent.user_id,
        ..pending
    };
    app.hear(&pending).await;

    let (request, event) = (ids::new_id(), ids::new_id());
    assert_eq!(
        app.hear_erase(sent.user_id, request, event).await,
        Outcome::Applied
    );
    assert_eq!(
        app.hear_erase(sent.user_id, request, event).await,
        Outcome::Duplicate
    );
    for gone in [&sending, &pending] {
        let row = app.message(gone).await;
        assert_eq!(
            (
                row["status"].as_str(),
                &row["recipient_ct"],
                &row["request_ct"]
            ),
            (Some("cancelled"), &Value::Null, &Value::Null)
        );
    }
    let row = app.message(&sent).await;
    assert_eq!(
        (
            row["status"].as_str(),
            &row["recipient_ct"],
            &row["recipient_bidx"]
        ),
        (Some("sent"), &Value::Null, &Value::Null)
    );
    let kept = app
        .rows(&format!(
            "SELECT * FROM notifications.messages WHERE id = {}",
            quoted(&others["id"])
        ))
        .await;
    assert!(
        kept[0]["recipient_ct"].is_string(),
        "nobody else is forgotten"
    );

    let confirmed = app.promised("privacy.erased").await;
    assert_eq!(confirmed.len(), 1);
    assert_eq!(
        confirmed[0]["data"],
        json!({ "requestId": request, "userId": sent.user_id, "service": "notifications" })
    );
    app.world.provider.always(None);
    app.pass(TimeDelta::minutes(10));
    let row = app.until_status(&goodbye, "sent").await;
    assert_eq!(
        (&row["recipient_ct"], &row["recipient_bidx"]),
        (&Value::Null, &Value::Null),
        "gone with the mail"
    );
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    let left: Vec<Value> = app
        .world
        .provider
        .left()
        .iter()
        .map(|mail| mail["tags"][0]["value"].clone())
        .collect();
    assert_eq!(left, ["new_device", "new_device", "account_erased"]);
    let reply = told(&app, &sent.user_id.to_string(), "auth").await;
    assert!(!reply.body.to_string().contains('@'), "{}", reply.body);
}

fn quoted(id: &Value) -> String {
    format!("'{}'", id.as_str().unwrap())
}
