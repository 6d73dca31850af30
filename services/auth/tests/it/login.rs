use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::json;

use crate::app::{Ask as _, Options, PASSWORD, Person, Reply, TestApp};

const WRONG: &str = "Wrong-Harbour-42";

/// What a caller can tell answers apart by.
fn visible(reply: &Reply) -> (u16, Vec<String>, serde_json::Value) {
    let mut names: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
    names.sort();
    let mut body = reply.body.clone();
    body["timestamp"] = json!(null);
    body["requestId"] = json!(null);
    (reply.status, names, body)
}

async fn login_from(app: &TestApp, person: &Person, email: &str, password: &str) -> Reply {
    let cookie = format!("known_device={}", person.device);
    app.login_request(email, password)
        .header(COOKIE, cookie)
        .reply()
        .await
}

#[tokio::test]
async fn the_right_password_opens_a_session() {
    let app = TestApp::start().await;
    let registered = app.register("ada@example.com").await;
    let reply = app.login("ADA@example.com", PASSWORD).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let person = Person::of(&reply);
    assert_eq!(person.id, registered.id);
    assert_ne!(person.refresh, registered.refresh);
    assert_eq!(app.me(&person.access).await, 200);
    assert!(app.audited().await.contains(&"user.logged_in".to_owned()));
}

#[tokio::test]
async fn both_cookies_are_out_of_reach_of_scripts_and_other_sites() {
    let app = TestApp::start().await;
    app.register("ada@example.com").await;
    let reply = app.login("ada@example.com", PASSWORD).await;
    let cookies: Vec<&str> = reply
        .headers
        .get_all(SET_COOKIE)
        .iter()
        .map(|c| c.to_str().unwrap())
        .collect();
    assert_eq!(cookies.len(), 2);
    for cookie in &cookies {
        for flag in [
            "HttpOnly",
            "Secure",
            "SameSite=Strict",
            "Path=/",
            "Max-Age=",
        ] {
            assert!(cookie.contains(flag), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    assert!(
        cookies
            .iter()
            .any(|c| c.starts_with("refresh_token=") && c.contains("Max-Age=2592000"))
    );
}

#[tokio::test]
async fn unknown_wrong_and_locked_are_answered_alike() {
    let app = TestApp::start().await;
    app.register("known@example.com").await;
    app.register("locked@example.com").await;
    for _ in 0..5 {
        app.login("locked@example.com", WRONG).await;
    }
    let unknown = app.login("unknown@example.com", WRONG).await;
    unknown.assert_error(401, "AUTHENTICATION_ERROR");
    assert_eq!(unknown.headers["www-authenticate"], "Bearer");
    assert_eq!(
        visible(&app.login("known@example.com", WRONG).await),
        visible(&unknown)
    );
    assert_eq!(
        visible(&app.login("locked@example.com", WRONG).await),
        visible(&unknown)
    );
    assert_eq!(
        visible(&app.login("locked@example.com", PASSWORD).await),
        visible(&unknown)
    );
    assert_eq!(
        visible(&app.login("known@example.com", "x").await),
        visible(&unknown)
    );
}

#[tokio::test]
async fn an_unknown_address_takes_as_long_as_a_known_one() {
    let app = TestApp::start().await;
    app.register("known@example.com").await;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for n in 0..25 {
        for (email, times) in [
            ("known@example.com".to_owned(), &mut known),
            (format!("u{n}@example.com"), &mut unknown),
        ] {
            let started = std::time::Instant::now();
            app.login(&email, WRONG).await;
            times.push(started.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let (known, unknown) = (median(&mut known), median(&mut unknown));
    // Tests share the machine, so this is coarse: without the decoy the difference is the whole hash.
    assert!(
        (known - unknown).abs() < 0.5 * known,
        "known {known:.1} ms, unknown {unknown:.1} ms"
    );
}

#[tokio::test]
async fn five_failures_lock_the_account_for_fifteen_minutes() {
    let app = TestApp::start().await;
    app.register("ada@example.com").await;
    for _ in 0..5 {
        assert_eq!(app.login("ada@example.com", WRONG).await.status, 401);
    }
    app.login("ada@example.com", PASSWORD)
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    assert!(app.mails().await.contains(&"account_locked".to_owned()));
    assert!(app.audited().await.contains(&"login.locked".to_owned()));
    app.clock.advance(TimeDelta::seconds(14 * 60 + 59));
    assert_eq!(app.login("ada@example.com", PASSWORD).await.status, 401);
    app.clock.advance(TimeDelta::seconds(2));
    assert_eq!(
        app.login("ada@example.com", WRONG).await.status,
        401,
        "one failure after the lock is only one"
    );
    assert_eq!(app.login("ada@example.com", PASSWORD).await.status, 200);
    assert_eq!(
        app.mails()
            .await
            .iter()
            .filter(|kind| *kind == "account_locked")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_success_forgets_the_failures_before_it() {
    let app = TestApp::start().await;
    app.register("ada@example.com").await;
    for _ in 0..3 {
        for _ in 0..4 {
            app.login("ada@example.com", WRONG).await;
        }
        assert_eq!(app.login("ada@example.com", PASSWORD).await.status, 200);
    }
}

#[tokio::test]
async fn guesses_at_the_same_time_get_no_more_looks_than_guesses_in_a_row() {
    let app = TestApp::start().await;
    app.register("ada@example.com").await;
    // Were each of these looked at, at least the last, which is right, would open a session.
    let mut guesses: Vec<_> = (0..99)
        .map(|_| app.login("ada@example.com", WRONG))
        .collect();
    for _ in 0..5 {
        guesses.remove(0).await;
    }
    guesses.push(app.login("ada@example.com", PASSWORD));
    let replies = join_all(guesses).await;
    assert!(replies.iter().all(|reply| reply.status == 401));
    assert_eq!(
        app.value("SELECT failures FROM auth.login_attempts").await,
        100
    );
    assert_eq!(
        app.mails()
            .await
            .iter()
            .filter(|kind| *kind == "account_locked")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_hundred_guesses_at_once_are_all_counted_and_lock_once() {
    let app = TestApp::start().await;
    app.register("ada@example.com").await;
    let replies = join_all((0..100).map(|_| app.login("ada@example.com", WRONG))).await;
    assert!(
        replies.iter().all(|reply| reply.status == 401),
        "{:?}",
        replies.iter().map(|r| r.status).collect::<Vec<_>>()
    );
    assert_eq!(
        app.value("SELECT failures FROM auth.login_attempts").await,
        100
    );
    assert_eq!(
        app.mails()
            .await
            .iter()
            .filter(|kind| *kind == "account_locked")
            .count(),
        1
    );
    assert_eq!(app.login("ada@example.com", PASSWORD).await.status, 401);
}

#[tokio::test]
async fn who_locks_an_account_does_not_lock_out_its_owner() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    for _ in 0..6 {
        app.login("ada@example.com", WRONG).await;
    }
    assert_eq!(app.login("ada@example.com", PASSWORD).await.status, 401);
    assert_eq!(
        login_from(&app, &ada, "ada@example.com", PASSWORD)
            .await
            .status,
        200
    );
    assert_eq!(
        app.login("ada@example.com", PASSWORD).await.status,
        401,
        "strangers stay locked out"
    );
}

#[tokio::test]
async fn a_known_browser_has_a_lock_of_its_own() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    for _ in 0..5 {
        assert_eq!(
            login_from(&app, &ada, "ada@example.com", WRONG)
                .await
                .status,
            401
        );
    }
    assert_eq!(
        login_from(&app, &ada, "ada@example.com", PASSWORD)
            .await
            .status,
        401
    );
    assert_eq!(
        app.login("ada@example.com", PASSWORD).await.status,
        200,
        "the account itself is not locked"
    );
}

#[tokio::test]
async fn a_browser_known_to_one_account_is_a_stranger_to_another() {
    let app = TestApp::start().await;
    let eve = app.register("eve@example.com").await;
    app.register("ada@example.com").await;
    for _ in 0..5 {
        login_from(&app, &eve, "ada@example.com", WRONG).await;
    }
    assert_eq!(
        app.value("SELECT failures FROM auth.login_attempts").await,
        5
    );
    assert_eq!(
        login_from(&app, &eve, "ada@example.com", PASSWORD)
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn a_new_browser_is_told_of_and_a_known_one_is_not() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    assert_eq!(
        login_from(&app, &ada, "ada@example.com", PASSWORD)
            .await
            .status,
        200
    );
    assert!(!app.mails().await.contains(&"new_device".to_owned()));
    app.login("ada@example.com", PASSWORD).await;
    assert!(app.mails().await.contains(&"new_device".to_owned()));
}

#[tokio::test]
async fn a_session_prepared_by_somebody_else_is_not_taken_over() {
    let app = TestApp::start().await;
    let eve = app.register("eve@example.com").await;
    let ada = app.register("ada@example.com").await;
    let planted = format!("refresh_token={}; known_device={}", eve.refresh, eve.device);
    let reply = app
        .login_request("ada@example.com", PASSWORD)
        .header(COOKIE, planted)
        .header("X-Session-ID", "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")
        .reply()
        .await;
    let fresh = Person::of(&reply);
    assert_ne!(fresh.refresh, eve.refresh);
    assert_ne!(
        fresh.device, eve.device,
        "a planted browser mark does not become good"
    );
    assert_eq!(fresh.id, ada.id);
    assert_eq!(
        app.refresh(&eve.refresh).await.status,
        200,
        "and Eve's own session is untouched"
    );
}

#[tokio::test]
async fn the_account_has_a_limit_and_a_known_browser_its_own() {
    let variables = vec![
        ("AUTH__RATE_LIMIT__ACCOUNT", "4".to_owned()),
        // A busy machine must not make the process count by itself for a while.
        ("AUTH__REDIS__DEADLINE_MS", "10000".to_owned()),
    ];
    let app = TestApp::start_with(Options {
        variables,
        ..Options::default()
    })
    .await;
    let email = format!("limit-{}@example.com", common::ids::new_id());
    let ada = app.register(&email).await;
    let replies = join_all((0..20).map(|_| app.login(&email, WRONG))).await;
    let looked_at = replies.iter().filter(|reply| reply.status == 401).count();
    assert_eq!(looked_at, 3, "registering was the first of four");
    let limited = replies.iter().find(|reply| reply.status == 429).unwrap();
    limited.assert_error(429, "RATE_LIMIT_EXCEEDED");
    let wait: u64 = limited.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait));
    assert_eq!(login_from(&app, &ada, &email, PASSWORD).await.status, 200);
    let unknown = format!("unknown-{email}");
    let replies = join_all((0..20).map(|_| app.login(&unknown, WRONG))).await;
    assert_eq!(
        replies.iter().filter(|reply| reply.status == 401).count(),
        4,
        "unknown addresses are limited alike"
    );
}

#[tokio::test]
async fn a_full_password_pool_says_when_to_come_back() {
    let variables = vec![
        ("AUTH__HASHING__AT_ONCE", "1".to_owned()),
        ("AUTH__HASHING__WAITING", "2".to_owned()),
    ];
    let app = TestApp::start_with(Options {
        variables,
        ..Options::default()
    })
    .await;
    let emails: Vec<String> = (0..30).map(|n| format!("u{n}@example.com")).collect();
    let replies = join_all(emails.iter().map(|email| app.login(email, WRONG))).await;
    let busy = replies
        .iter()
        .find(|reply| reply.status == 503)
        .expect("some are turned away");
    busy.assert_error(503, "SERVICE_UNAVAILABLE");
    assert!(busy.headers.contains_key("retry-after"));
    assert!(replies.iter().any(|reply| reply.status == 401));
    let counted = app
        .value("SELECT coalesce(sum(failures), 0) FROM auth.login_attempts")
        .await;
    let looked_at = replies.iter().filter(|reply| reply.status == 401).count();
    assert_eq!(
        counted, looked_at,
        "an attempt that was turned away is not counted"
    );
}

#[tokio::test]
async fn input_that_is_no_login_is_refused() {
    let app = TestApp::start().await;
    for (body, field) in [
        (json!({}), "email"),
        (json!({ "email": "a@example.com" }), "password"),
        (json!({ "email": 1, "password": PASSWORD }), "email"),
        (
            json!({ "email": "a@example.com", "password": null }),
            "password",
        ),
        (
            json!({ "email": "a@example.com", "password": "" }),
            "password",
        ),
        (
            json!({ "email": "a@example.com", "password": "x".repeat(129) }),
            "password",
        ),
        (json!({ "email": "nobody", "password": PASSWORD }), "email"),
        (
            json!({ "email": "a@example.com", "password": PASSWORD, "admin": true }),
            "admin",
        ),
        (
            json!({ "email": "a@example.com", "password": PASSWORD, "totp": "1", "recoveryCode": "2" }),
            "recoveryCode",
        ),
    ] {
        let reply = app.post("/api/v1/auth/login").json(&body).reply().await;
        reply.assert_error(400, "VALIDATION_ERROR");
        assert_eq!(reply.field(), field, "{body}");
    }
}
