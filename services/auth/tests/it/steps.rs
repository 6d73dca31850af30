//! Steps that several tests take.

use chrono::{DateTime, TimeDelta, Utc};
use common::Clock as _;
use common::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_postgres::NoTls;
use totp_rs::{Builder, Secret};

use crate::app::{Ask as _, Options, PASSWORD, Person, Reply, TestApp, service_token};

/// Staff may work without a second factor, as on a developer's machine.
pub fn lenient() -> Options {
    Options {
        variables: vec![("AUTH__TOKENS__REQUIRE_STAFF_2FA", "false".to_owned())],
        ..Options::default()
    }
}

/// Changes the database past the service, as its own role.
pub async fn execute(app: &TestApp, sql: &str) {
    let url = app.db.as_ref().unwrap().url();
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
}

/// Opens an account with a role.
pub async fn with_role(app: &TestApp, email: &str, role: Role) -> Person {
    let person = app.register(email).await;
    if role == Role::Customer {
        return person;
    }
    let sql = format!(
        "UPDATE auth.users SET role = '{role}' WHERE id = '{}'",
        person.id
    );
    execute(app, &sql).await;
    Person::of(&app.login(email, PASSWORD).await)
}

/// Sends a request with somebody's token and a JSON body.
pub async fn send(
    app: &TestApp,
    person: &Person,
    method: Method,
    path: &str,
    body: &Value,
) -> Reply {
    app.request(method, path)
        .bearer_auth(&person.access)
        .json(body)
        .reply()
        .await
}

/// Reads with somebody's token.
pub async fn read(app: &TestApp, person: &Person, path: &str) -> Reply {
    app.get(path).bearer_auth(&person.access).reply().await
}

/// An authenticator app with somebody's secret, and the recovery codes that came with it.
pub struct Factor {
    secret: String,
    pub recovery_codes: Vec<String>,
}

impl Factor {
    /// The code that the app shows now, or so many steps later.
    pub fn code(&self, app: &TestApp, steps: i32) -> String {
        code_at(
            &self.secret,
            app.clock.now() + TimeDelta::seconds(30) * steps,
        )
    }
}

/// The code for a secret at a moment.
pub fn code_at(secret: &str, moment: DateTime<Utc>) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    totp.generate(u64::try_from(moment.timestamp()).unwrap())
        .to_string()
}

/// Begins to turn the second factor on; answers the secret.
pub async fn enrol(app: &TestApp, person: &Person) -> String {
    let body = json!({ "password": PASSWORD });
    let reply = send(app, person, Method::POST, "/api/v1/auth/2fa/enable", &body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body["data"]["secret"].as_str().unwrap().to_owned()
}

/// Turns the second factor on, and lets the step pass whose code was used for it.
pub async fn turn_on(app: &TestApp, person: &Person) -> Factor {
    let secret = enrol(app, person).await;
    let body = json!({ "totp": code_at(&secret, app.clock.now()) });
    let reply = send(app, person, Method::POST, "/api/v1/auth/2fa/verify", &body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let codes = reply.body["data"]["recoveryCodes"].as_array().unwrap();
    let recovery_codes = codes
        .iter()
        .map(|code| code.as_str().unwrap().to_owned())
        .collect();
    app.clock.advance(TimeDelta::seconds(60));
    Factor {
        secret,
        recovery_codes,
    }
}

/// Asks for the content of the newest mail of a kind, as the mail service does.
pub async fn collect(app: &TestApp, kind: &str) -> Reply {
    let sql = format!(
        "SELECT id FROM auth.mail_requests WHERE kind = '{kind}' ORDER BY requested_at DESC, id DESC LIMIT 1"
    );
    let rows = app.rows(&sql).await;
    let id = rows.first().unwrap_or_else(|| panic!("no {kind} mail"))["id"]
        .as_str()
        .unwrap();
    collect_by_id(app, id).await
}

/// Asks for the content of a mail, as the mail service does.
pub async fn collect_by_id(app: &TestApp, id: &str) -> Reply {
    app.post(&format!("/internal/mails/{id}"))
        .bearer_auth(service_token("notifications"))
        .reply()
        .await
}

/// The token in the link of the newest mail of a kind.
pub async fn mailed_token(app: &TestApp, kind: &str) -> String {
    let reply = collect(app, kind).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let link = reply.body["data"]["mail"]["link"].as_str().unwrap();
    link.split_once("#token=").unwrap().1.to_owned()
}
