use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Ask as _, Options, PASSWORD, Person, Reply, TestApp, service_token};
use crate::steps::{collect, collect_by_id, mailed_token, read, send, turn_on};

const VERIFY: &str = "/api/v1/auth/verify-email";
const RESEND: &str = "/api/v1/auth/verify-email/resend";
const REQUEST: &str = "/api/v1/auth/password-reset-request";
const RESET: &str = "/api/v1/auth/password-reset";
const ADA: &str = "ada@example.com";
const NEW_PASSWORD: &str = "Moonlit-Harbour-43";

async fn post(app: &TestApp, path: &str, body: Value) -> Reply {
    app.post(path).json(&body).reply().await
}

async fn reset(app: &TestApp, token: &str, password: &str) -> Reply {
    post(app, RESET, json!({ "token": token, "password": password })).await
}

/// Asks for a link and waits for what is done behind the answer.
async fn ask_for_reset(app: &TestApp, email: &str) {
    let before = app.mails().await.len();
    let reply = post(app, REQUEST, json!({ "email": email })).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    for _ in 0..200 {
        if app.mails().await.len() > before {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("no mail was asked for");
}

#[tokio::test]
async fn an_address_is_confirmed_once_by_the_mailed_token() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let token = mailed_token(&app, "verify_email").await;
    assert_eq!(token.len(), 43, "256 bits");

    let reply = post(&app, VERIFY, json!({ "token": token })).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let me = read(&app, &ada, "/api/v1/auth/me").await;
    assert_eq!(me.body["data"]["user"]["verified"], true);
    assert!(app.promised().await.contains(&"user.verified".to_owned()));
    assert!(app.audited().await.contains(&"user.verified".to_owned()));

    let reply = post(&app, VERIFY, json!({ "token": token })).await;
    reply.assert_error(400, "VALIDATION_ERROR");
    assert_eq!(reply.field(), "token");
    collect(&app, "verify_email")
        .await
        .assert_error(409, "INVALID_STATE");
}

#[tokio::test]
async fn a_token_that_cannot_be_used_says_no_more_than_that() {
    let app = TestApp::start().await;
    app.register(ADA).await;
    let token = mailed_token(&app, "verify_email").await;
    let mut answers = Vec::new();
    for bad in ["x", "kJ8s1xW0uQmYp2c7Zb4n6Rt3Vd5Lf9Ha-Ge_XoIiTzE"] {
        answers.push(post(&app, VERIFY, json!({ "token": bad })).await);
    }
    // A token is good for its own purpose only.
    answers.push(reset(&app, &token, NEW_PASSWORD).await);
    app.clock.advance(TimeDelta::hours(24));
    answers.push(post(&app, VERIFY, json!({ "token": token })).await);
    for reply in answers {
        reply.assert_error(400, "VALIDATION_ERROR");
        assert_eq!(reply.field(), "token");
        assert_eq!(
            reply.body["details"][0]["message"],
            "was used already, has expired or is not valid"
        );
    }
    for bad in [
        json!({}),
        json!({ "token": 1 }),
        json!({ "token": token, "email": ADA }),
    ] {
        post(&app, VERIFY, bad)
            .await
            .assert_error(400, "VALIDATION_ERROR");
    }
}

#[tokio::test]
async fn a_newer_link_ends_the_older_one() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let older = mailed_token(&app, "verify_email").await;
    assert_eq!(
        send(&app, &ada, Method::POST, RESEND, &json!({}))
            .await
            .status,
        200
    );
    let newer = mailed_token(&app, "verify_email").await;
    let reply = post(&app, VERIFY, json!({ "token": older })).await;
    reply.assert_error(400, "VALIDATION_ERROR");
    assert_eq!(
        post(&app, VERIFY, json!({ "token": newer })).await.status,
        200
    );
    let reply = send(&app, &ada, Method::POST, RESEND, &json!({})).await;
    reply.assert_error(409, "INVALID_STATE");
    app.post(RESEND)
        .reply()
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
}

#[tokio::test]
async fn of_uses_at_once_exactly_one_succeeds() {
    let app = TestApp::start().await;
    app.register(ADA).await;
    let token = mailed_token(&app, "verify_email").await;
    let uses = (0..4).map(|_| post(&app, VERIFY, json!({ "token": token })));
    let succeeded = join_all(uses)
        .await
        .iter()
        .filter(|reply| reply.status == 200)
        .count();
    assert_eq!(succeeded, 1);

    ask_for_reset(&app, ADA).await;
    let token = mailed_token(&app, "password_reset").await;
    let uses = (0..4).map(|_| reset(&app, &token, NEW_PASSWORD));
    let succeeded = join_all(uses)
        .await
        .iter()
        .filter(|reply| reply.status == 200)
        .count();
    assert_eq!(succeeded, 1);
}

#[tokio::test]
async fn asking_for_a_reset_answers_alike_for_known_and_unknown_addresses() {
    let app = TestApp::start().await;
    app.register(ADA).await;
    let known = post(&app, REQUEST, json!({ "email": "ADA@example.com" })).await;
    let unknown = post(&app, REQUEST, json!({ "email": "nobody@example.com" })).await;
    for reply in [&known, &unknown] {
        assert_eq!(reply.status, 200);
    }
    assert_eq!(known.body, unknown.body);
    let names = |reply: &Reply| {
        let mut names: Vec<_> = reply.headers.keys().map(ToString::to_string).collect();
        names.sort();
        names
    };
    assert_eq!(names(&known), names(&unknown));
    let reply = post(&app, REQUEST, json!({ "email": "not an address" })).await;
    reply.assert_error(400, "VALIDATION_ERROR");
}

#[tokio::test]
async fn the_limit_counts_the_address_asked_for_whether_or_not_there_is_an_account() {
    let variables = vec![("AUTH__RATE_LIMIT__ACCOUNT", "3".to_owned())];
    let app = TestApp::start_with(Options {
        variables,
        ..Options::default()
    })
    .await;
    app.register("limited-known@example.com").await;
    for email in ["limited-known@example.com", "limited-unknown@example.com"] {
        let mut last = 0;
        for _ in 0..4 {
            last = post(&app, REQUEST, json!({ "email": email })).await.status;
        }
        assert_eq!(last, 429, "{email}");
    }
}

#[tokio::test]
async fn a_reset_sets_the_password_ends_every_session_and_lifts_the_lock() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    for _ in 0..5 {
        app.login(ADA, "Wrong-Harbour-42").await;
    }
    assert_eq!(app.login(ADA, PASSWORD).await.status, 401, "locked");
    ask_for_reset(&app, ADA).await;
    let token = mailed_token(&app, "password_reset").await;

    let reply = reset(&app, &token, "short").await;
    reply.assert_error(400, "VALIDATION_ERROR");
    assert_eq!(reply.field(), "password");
    let reply = reset(&app, &token, NEW_PASSWORD).await;
    assert_eq!(
        reply.status, 200,
        "a refused password leaves the token usable: {}",
        reply.body
    );

    assert_eq!(app.me(&ada.access).await, 401);
    assert_eq!(app.refresh(&ada.refresh).await.status, 401);
    assert_eq!(app.login(ADA, PASSWORD).await.status, 401);
    assert_eq!(app.login(ADA, NEW_PASSWORD).await.status, 200);
    assert!(app.mails().await.contains(&"password_changed".to_owned()));
    assert!(app.audited().await.contains(&"password.reset".to_owned()));
    let reply = reset(&app, &token, "Starlit-Harbour-44").await;
    reply.assert_error(400, "VALIDATION_ERROR");
    assert_eq!(reply.field(), "token");
}

#[tokio::test]
async fn a_reset_link_works_for_an_hour() {
    let app = TestApp::start().await;
    app.register(ADA).await;
    ask_for_reset(&app, ADA).await;
    let token = mailed_token(&app, "password_reset").await;
    app.clock.advance(TimeDelta::minutes(60));
    reset(&app, &token, NEW_PASSWORD)
        .await
        .assert_error(400, "VALIDATION_ERROR");
}

#[tokio::test]
async fn a_changed_password_is_not_undone_by_an_older_link() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    ask_for_reset(&app, ADA).await;
    let token = mailed_token(&app, "password_reset").await;
    let body = json!({ "currentPassword": PASSWORD, "newPassword": NEW_PASSWORD });
    let reply = send(
        &app,
        &ada,
        Method::POST,
        "/api/v1/auth/change-password",
        &body,
    )
    .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let reply = reset(&app, &token, "Starlit-Harbour-44").await;
    reply.assert_error(400, "VALIDATION_ERROR");
    assert_eq!(reply.field(), "token");
}

#[tokio::test]
async fn a_reset_does_not_get_around_the_second_factor() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let factor = turn_on(&app, &ada).await;
    ask_for_reset(&app, ADA).await;
    let token = mailed_token(&app, "password_reset").await;
    assert_eq!(reset(&app, &token, NEW_PASSWORD).await.status, 200);
    app.login(ADA, NEW_PASSWORD)
        .await
        .assert_error(401, "TWO_FACTOR_REQUIRED");
    let body = json!({ "email": ADA, "password": NEW_PASSWORD, "totp": factor.code(&app, 0) });
    assert_eq!(post(&app, "/api/v1/auth/login", body).await.status, 200);
}

#[tokio::test]
async fn a_link_begins_with_the_configured_address_whatever_the_host_header_says() {
    let variables = vec![("AUTH__PUBLIC_URL", "https://shop.example/".to_owned())];
    let app = TestApp::start_with(Options {
        variables,
        ..Options::default()
    })
    .await;
    app.register(ADA).await;
    let rows = app
        .rows("SELECT id FROM auth.mail_requests WHERE kind = 'verify_email'")
        .await;
    let id = rows[0]["id"].as_str().unwrap();
    let reply = app
        .post(&format!("/internal/mails/{id}"))
        .bearer_auth(service_token("notifications"))
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .reply()
        .await;
    let mail = &reply.body["data"]["mail"];
    let link = mail["link"].as_str().unwrap();
    assert!(
        link.starts_with("https://shop.example/api/v1/auth/verify-email#token="),
        "{link}"
    );
    assert_eq!(mail["to"], ADA);
    assert_eq!(mail["name"], "Ada Obi");
    assert_eq!(mail["kind"], "verify_email");
    assert_eq!(mail["consent"], json!({ "marketing": false }));
    let token = link.split_once('#').unwrap().1.trim_start_matches("token=");
    let stored = app
        .rows("SELECT encode(token_hash, 'escape') AS h FROM auth.one_time_tokens")
        .await;
    assert_eq!(stored.len(), 1);
    assert!(
        !stored[0]["h"].as_str().unwrap().contains(token),
        "only the hash is stored"
    );
}

#[tokio::test]
async fn only_the_mail_service_may_ask_what_a_mail_says() {
    let app = TestApp::start().await;
    let ada: Person = app.register(ADA).await;
    let rows = app.rows("SELECT id FROM auth.mail_requests").await;
    let path = format!("/internal/mails/{}", rows[0]["id"].as_str().unwrap());
    app.post(&path)
        .reply()
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    let reply = app.post(&path).bearer_auth(&ada.access).reply().await;
    reply.assert_error(401, "AUTHENTICATION_ERROR");
    let reply = app
        .post(&path)
        .bearer_auth(service_token("orders"))
        .reply()
        .await;
    reply.assert_error(403, "AUTHORIZATION_ERROR");
    let unknown = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f";
    collect_by_id(&app, unknown)
        .await
        .assert_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn opening_a_page_changes_nothing_and_the_page_allows_only_itself() {
    let app = TestApp::start().await;
    app.register(ADA).await;
    let token = mailed_token(&app, "verify_email").await;
    for path in [VERIFY, RESET] {
        let response = app
            .get(&format!("{path}?token={token}"))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(
            response.headers()["content-type"],
            "text/html; charset=utf-8"
        );
        let policy = response.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'sha256-"),
            "{policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(response.headers()["referrer-policy"], "no-referrer");
        let page = response.text().await.unwrap();
        assert!(page.contains("lang=\"en\"") && !page.contains(&token));
    }
    assert_eq!(
        post(&app, VERIFY, json!({ "token": token })).await.status,
        200
    );
}
