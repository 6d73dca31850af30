use chrono::TimeDelta;
use common::Clock as _;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Ask as _, PASSWORD, Person, Reply, TestApp};
use crate::steps::{code_at, enrol, read, send, turn_on};

const ENABLE: &str = "/api/v1/auth/2fa/enable";
const VERIFY: &str = "/api/v1/auth/2fa/verify";
const DISABLE: &str = "/api/v1/auth/2fa/disable";
const ADA: &str = "ada@example.com";

async fn login_with(app: &TestApp, proof: Value) -> Reply {
    let mut body = json!({ "email": ADA, "password": PASSWORD });
    for (name, value) in proof.as_object().unwrap() {
        body[name] = value.clone();
    }
    app.post("/api/v1/auth/login").json(&body).reply().await
}

async fn post(app: &TestApp, person: &Person, path: &str, body: Value) -> Reply {
    send(app, person, Method::POST, path, &body).await
}

/// A code that is not the present one, nor one of its neighbours.
fn wrong_code(factor: &crate::steps::Factor, app: &TestApp) -> String {
    let near: Vec<String> = (-1..=1).map(|steps| factor.code(app, steps)).collect();
    ["000000", "111111", "222222", "333333"]
        .into_iter()
        .find(|code| !near.iter().any(|right| right == code))
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn it_is_on_once_the_first_code_proves_that_the_app_has_the_secret() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let phone = Person::of(&app.login(ADA, PASSWORD).await);

    let reply = post(&app, &ada, ENABLE, json!({ "password": PASSWORD })).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let data = &reply.body["data"];
    let secret = data["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32, "160 bits in base32");
    assert!(
        data["otpauthUrl"]
            .as_str()
            .unwrap()
            .starts_with("otpauth://totp/Agape:ada%40")
    );
    assert!(
        data["qrCode"]
            .as_str()
            .unwrap()
            .starts_with("data:image/png;base64,iVBOR")
    );
    assert_eq!(
        app.login(ADA, PASSWORD).await.status,
        200,
        "logins do not change yet"
    );

    let reply = post(
        &app,
        &ada,
        VERIFY,
        json!({ "totp": code_at(secret, app.clock.now()) }),
    )
    .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let codes = reply.body["data"]["recoveryCodes"].as_array().unwrap();
    assert_eq!(codes.len(), 10);
    assert!(
        codes.iter().all(|code| code.as_str().unwrap().len() == 19),
        "80 bits in base32"
    );

    let me = read(&app, &ada, "/api/v1/auth/me").await;
    assert_eq!(me.status, 200, "the session that did it goes on");
    assert_eq!(me.body["data"]["user"]["twoFactorEnabled"], true);
    assert_eq!(app.me(&phone.access).await, 401, "every other session ends");
    assert!(app.mails().await.contains(&"two_factor_enabled".to_owned()));
    let audited = app.audited().await;
    for action in [
        "two_factor.enrolment_started",
        "two_factor.enabled",
        "session.revoked",
    ] {
        assert!(
            audited.iter().any(|done| done == action),
            "{action} in {audited:?}"
        );
    }
    login_with(&app, json!({}))
        .await
        .assert_error(401, "TWO_FACTOR_REQUIRED");
}

#[tokio::test]
async fn secret_and_recovery_codes_are_not_readable_in_the_database() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let factor = turn_on(&app, &ada).await;
    let rows = app
        .rows("SELECT encode(totp_secret_ct, 'escape') AS c, totp_key_id AS k FROM auth.users")
        .await;
    assert_eq!(rows[0]["k"], "k1");
    assert!(rows[0]["c"].as_str().unwrap().len() > 20);
    let hashes = app
        .rows("SELECT encode(code_hash, 'escape') AS h FROM auth.recovery_codes")
        .await;
    assert_eq!(hashes.len(), 10);
    for code in &factor.recovery_codes {
        let bare = code.replace('-', "");
        assert!(
            hashes
                .iter()
                .all(|row| !row["h"].as_str().unwrap().contains(&bare))
        );
    }
    let sql = "SELECT string_agg(payload::text, ' ') FROM auth.outbox";
    let said = app.value(sql).await.to_string();
    assert!(
        factor
            .recovery_codes
            .iter()
            .all(|code| !said.contains(code))
    );
}

#[tokio::test]
async fn a_login_needs_a_code_and_its_session_says_so() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let factor = turn_on(&app, &ada).await;

    let reply = login_with(&app, json!({})).await;
    reply.assert_error(401, "TWO_FACTOR_REQUIRED");
    assert_eq!(reply.field(), "totp");
    let reply = login_with(&app, json!({ "totp": wrong_code(&factor, &app) })).await;
    reply.assert_error(401, "AUTHENTICATION_ERROR");
    let body =
        json!({ "email": ADA, "password": "Wrong-Harbour-42", "totp": factor.code(&app, 0) });
    let reply = app.post("/api/v1/auth/login").json(&body).reply().await;
    reply.assert_error(401, "AUTHENTICATION_ERROR");

    let reply = login_with(&app, json!({ "totp": factor.code(&app, 0) })).await;
    assert_eq!(
        reply.status, 200,
        "the wrong password did not use the code up: {}",
        reply.body
    );
    let rows = app
        .rows("SELECT mfa FROM auth.sessions ORDER BY created_at DESC, id DESC")
        .await;
    assert_eq!(rows[0]["mfa"], true);
}

#[tokio::test]
async fn a_code_is_good_once_and_never_an_older_one_after_it() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let factor = turn_on(&app, &ada).await;
    let (older, code) = (factor.code(&app, -1), factor.code(&app, 0));
    assert_eq!(login_with(&app, json!({ "totp": code })).await.status, 200);
    for used in [&code, &older] {
        let reply = login_with(&app, json!({ "totp": used })).await;
        reply.assert_error(401, "AUTHENTICATION_ERROR");
    }
    app.clock.advance(TimeDelta::seconds(30));
    assert_eq!(
        login_with(&app, json!({ "totp": factor.code(&app, 0) }))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn of_logins_at_once_with_one_code_exactly_one_succeeds() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let factor = turn_on(&app, &ada).await;
    for proof in [
        json!({ "totp": factor.code(&app, 0) }),
        json!({ "recoveryCode": factor.recovery_codes[0] }),
    ] {
        let replies = join_all((0..4).map(|_| login_with(&app, proof.clone()))).await;
        let succeeded = replies.iter().filter(|reply| reply.status == 200).count();
        let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
        assert_eq!(succeeded, 1, "{statuses:?} with {proof}");
    }
}

#[tokio::test]
async fn a_recovery_code_opens_once_however_it_is_typed() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let factor = turn_on(&app, &ada).await;
    let typed = factor.recovery_codes[3].to_uppercase().replace('-', " ");
    let proof = json!({ "recoveryCode": typed });
    assert_eq!(login_with(&app, proof.clone()).await.status, 200);
    login_with(&app, proof)
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    let used = app
        .rows("SELECT metadata FROM auth.audit_events WHERE action = 'recovery_code.used'")
        .await;
    assert_eq!(used, [json!({ "metadata": "{\"left\":9}" })]);
    let proof = json!({ "recoveryCode": "0000-0000-0000-0000" });
    login_with(&app, proof)
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    let proof = json!({ "recoveryCode": factor.recovery_codes[4], "totp": factor.code(&app, 0) });
    login_with(&app, proof)
        .await
        .assert_error(400, "VALIDATION_ERROR");
}

#[tokio::test]
async fn five_wrong_codes_end_the_guessing_for_a_while_but_not_the_owners_recovery() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let factor = turn_on(&app, &ada).await;
    let wrong = json!({ "totp": wrong_code(&factor, &app) });

    // Together, so that counting and judging in two steps would let more than five through; and four at a time, so
    // that it is not the count of passwords under way which refuses them.
    let mut replies = Vec::new();
    for _ in 0..3 {
        replies.extend(join_all((0..4).map(|_| login_with(&app, wrong.clone()))).await);
    }
    let judged = replies.iter().filter(|reply| reply.status == 401).count();
    assert_eq!(judged, 5);
    for reply in replies.iter().filter(|reply| reply.status != 401) {
        reply.assert_error(429, "RATE_LIMIT_EXCEEDED");
        assert!(reply.headers.contains_key("retry-after"));
    }
    let right = json!({ "totp": factor.code(&app, 0) });
    assert_eq!(
        login_with(&app, right).await.status,
        429,
        "not even the right one is looked at"
    );
    let recovery = json!({ "recoveryCode": factor.recovery_codes[0] });
    assert_eq!(login_with(&app, recovery).await.status, 200);

    app.clock.advance(TimeDelta::minutes(15));
    let right = json!({ "totp": factor.code(&app, 0) });
    assert_eq!(login_with(&app, right).await.status, 200);
}

#[tokio::test]
async fn turning_it_on_needs_the_password_and_a_right_first_code() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let reply = post(
        &app,
        &ada,
        ENABLE,
        json!({ "password": "Wrong-Harbour-42" }),
    )
    .await;
    reply.assert_error(401, "AUTHENTICATION_ERROR");
    for bad in [
        json!({}),
        json!({ "password": 1 }),
        json!({ "password": PASSWORD, "totp": "1" }),
    ] {
        post(&app, &ada, ENABLE, bad)
            .await
            .assert_error(400, "VALIDATION_ERROR");
    }
    let reply = post(&app, &ada, VERIFY, json!({ "totp": "123456" })).await;
    reply.assert_error(409, "INVALID_STATE");
    let reply = app
        .post(ENABLE)
        .json(&json!({ "password": PASSWORD }))
        .reply()
        .await;
    reply.assert_error(401, "AUTHENTICATION_ERROR");

    let first = enrol(&app, &ada).await;
    let second = enrol(&app, &ada).await;
    assert_ne!(first, second, "asking again makes a new secret");
    let now = app.clock.now();
    let reply = post(&app, &ada, VERIFY, json!({ "totp": code_at(&first, now) })).await;
    reply.assert_error(401, "AUTHENTICATION_ERROR");
    assert_eq!(reply.field(), "totp");
    let code = json!({ "totp": code_at(&second, now) });
    let replies = join_all((0..3).map(|_| post(&app, &ada, VERIFY, code.clone()))).await;
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(
        statuses,
        [200, 409, 409],
        "of three at once one turns it on"
    );

    let reply = post(&app, &ada, ENABLE, json!({ "password": PASSWORD })).await;
    reply.assert_error(409, "INVALID_STATE");
}

#[tokio::test]
async fn turning_it_off_needs_the_password_and_the_factor() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let body = json!({ "password": PASSWORD, "totp": "123456" });
    post(&app, &ada, DISABLE, body)
        .await
        .assert_error(409, "INVALID_STATE");
    let factor = turn_on(&app, &ada).await;
    let recovery = json!({ "recoveryCode": factor.recovery_codes[0] });
    let phone = Person::of(&login_with(&app, recovery).await);

    let code = factor.code(&app, 0);
    let reply = post(&app, &ada, DISABLE, json!({ "password": PASSWORD })).await;
    reply.assert_error(401, "TWO_FACTOR_REQUIRED");
    let body = json!({ "password": "Wrong-Harbour-42", "totp": code });
    post(&app, &ada, DISABLE, body)
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    let body = json!({ "password": PASSWORD, "totp": wrong_code(&factor, &app) });
    post(&app, &ada, DISABLE, body)
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    let body = json!({ "password": PASSWORD, "recoveryCode": factor.recovery_codes[0] });
    post(&app, &ada, DISABLE, body)
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");

    let reply = post(
        &app,
        &ada,
        DISABLE,
        json!({ "password": PASSWORD, "totp": code }),
    )
    .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(app.me(&ada.access).await, 200);
    assert_eq!(app.me(&phone.access).await, 401, "every other session ends");
    assert!(
        app.mails()
            .await
            .contains(&"two_factor_disabled".to_owned())
    );
    assert!(
        app.audited()
            .await
            .contains(&"two_factor.disabled".to_owned())
    );
    assert_eq!(app.login(ADA, PASSWORD).await.status, 200);
    let left = app.value("SELECT count(*) FROM auth.recovery_codes").await;
    assert_eq!(left, 0);
}

#[tokio::test]
async fn the_session_that_turned_it_on_counts_as_proved_from_its_next_token_on() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    turn_on(&app, &ada).await;
    let rows = app
        .rows("SELECT mfa FROM auth.sessions WHERE revoked_at IS NULL")
        .await;
    assert_eq!(rows, [json!({ "mfa": true })]);
    assert_eq!(app.refresh(&ada.refresh).await.status, 200);
}
