use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::header::{ORIGIN, USER_AGENT};
use serde_json::json;

use crate::app::{Ask as _, PASSWORD, Person, SignedIn as _, TestApp};

#[tokio::test]
async fn each_refresh_gives_another_pair() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let first = app.refresh(&ada.refresh).await;
    assert_eq!(first.status, 200, "{}", first.body);
    assert_eq!(first.body["data"]["expiresIn"], 900);
    assert_eq!(first.body["data"].as_object().unwrap().len(), 2);
    let next = first.cookie("refresh_token").unwrap();
    assert_ne!(next, ada.refresh);
    assert!(!first.body.to_string().contains(&next));
    assert_eq!(app.me(&first.access()).await, 200);
    assert_eq!(app.refresh(&next).await.status, 200);
}

#[tokio::test]
async fn an_app_may_send_the_token_in_the_body() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let body = json!({ "refreshToken": ada.refresh });
    let reply = app.post("/api/v1/auth/refresh").json(&body).reply().await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.cookie("refresh_token").is_some());
}

#[tokio::test]
async fn a_token_used_before_its_successor_was_revokes_the_family() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let first = app.refresh(&ada.refresh).await;
    let second = app.refresh(&first.cookie("refresh_token").unwrap()).await;
    assert_eq!(second.status, 200);

    app.refresh(&ada.refresh)
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    assert_eq!(
        app.refresh(&second.cookie("refresh_token").unwrap())
            .await
            .status,
        401,
        "the thief's too"
    );
    assert_eq!(
        app.me(&second.access()).await,
        401,
        "access tokens of the family are dead at once"
    );
    assert_eq!(app.me(&ada.access).await, 401);
    assert!(app.promised().await.contains(&"session.revoked".to_owned()));
    assert!(app.mails().await.contains(&"session_reuse".to_owned()));
    assert!(app.audited().await.contains(&"session.revoked".to_owned()));
    assert_eq!(
        app.value("SELECT revoke_reason FROM auth.sessions").await,
        "reuse_detected"
    );
}

#[tokio::test]
async fn fifty_tabs_at_once_get_the_same_successor() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let replies = join_all((0..50).map(|_| app.refresh(&ada.refresh))).await;
    assert!(replies.iter().all(|reply| reply.status == 200));
    let mut successors: Vec<_> = replies
        .iter()
        .map(|reply| reply.cookie("refresh_token"))
        .collect();
    successors.dedup();
    assert_eq!(successors.len(), 1);
    assert_eq!(
        app.value("SELECT count(*) FROM auth.refresh_tokens").await,
        2
    );
    let live = "SELECT count(*) FROM auth.refresh_tokens WHERE used_at IS NULL";
    assert_eq!(app.value(live).await, 1);
}

#[tokio::test]
async fn the_grace_ends_after_ten_seconds() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let first = app.refresh(&ada.refresh).await;
    app.clock.advance(TimeDelta::seconds(9));
    let repeated = app.refresh(&ada.refresh).await;
    assert_eq!(
        repeated.cookie("refresh_token"),
        first.cookie("refresh_token")
    );
    app.clock.advance(TimeDelta::seconds(2));
    assert_eq!(app.refresh(&ada.refresh).await.status, 401);
    assert_eq!(
        app.refresh(&first.cookie("refresh_token").unwrap())
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn another_browser_or_address_is_no_second_tab() {
    for (name, value) in [
        ("user-agent", "Other/1.0"),
        ("x-forwarded-for", "198.51.100.9"),
    ] {
        let app = TestApp::start().await;
        let ada = app.register("ada@example.com").await;
        let send = || {
            app.refresh_request(&ada.refresh)
                .header(USER_AGENT, "Mine/1.0")
        };
        assert_eq!(send().reply().await.status, 200);
        let other = app.refresh_request(&ada.refresh);
        let other = if name == "user-agent" {
            other.header(name, value)
        } else {
            other.header(USER_AGENT, "Mine/1.0").header(name, value)
        };
        assert_eq!(other.reply().await.status, 401, "{name}");
        assert_eq!(
            send().reply().await.status,
            401,
            "{name}: the family is revoked"
        );
    }
}

#[tokio::test]
async fn a_session_ends_after_thirty_days_however_often_it_is_refreshed() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let mut token = ada.refresh;
    for _ in 0..3 {
        app.clock.advance(TimeDelta::days(9));
        token = app
            .refresh(&token)
            .await
            .cookie("refresh_token")
            .expect("still alive");
    }
    app.clock.advance(TimeDelta::days(4));
    app.refresh(&token)
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
}

#[tokio::test]
async fn the_database_holds_nothing_that_could_be_presented() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let next = app
        .refresh(&ada.refresh)
        .await
        .cookie("refresh_token")
        .unwrap();
    assert_eq!(next.len(), 43, "256 bits");
    for row in app.rows("SELECT * FROM auth.refresh_tokens").await {
        let text = row.to_string();
        for secret in [&ada.refresh, &next] {
            assert!(
                !text.contains(secret.as_str()) && !text.contains(&hex::encode(secret)),
                "{text}"
            );
        }
        let hash = row["token_hash"].as_str().unwrap();
        assert_eq!(
            app.refresh(hash.trim_start_matches("\\x")).await.status,
            401
        );
    }
}

#[tokio::test]
async fn other_sites_may_not_refresh() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    for origin in [
        "https://evil.example",
        "null",
        "http://shop.example",
        "https://shop.example:8443",
    ] {
        let reply = app
            .refresh_request(&ada.refresh)
            .header(ORIGIN, origin)
            .reply()
            .await;
        reply.assert_error(403, "AUTHORIZATION_ERROR");
    }
    let cross = app
        .refresh_request(&ada.refresh)
        .header("Sec-Fetch-Site", "cross-site")
        .reply()
        .await;
    cross.assert_error(403, "AUTHORIZATION_ERROR");
    let own = app
        .refresh_request(&ada.refresh)
        .header(ORIGIN, "https://shop.example")
        .reply()
        .await;
    assert_eq!(own.status, 200);
}

#[tokio::test]
async fn neither_body_nor_content_type_is_needed() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let form = app
        .refresh_request(&ada.refresh)
        .header("Content-Type", "text/plain")
        .reply()
        .await;
    assert_eq!(
        form.status, 200,
        "an empty body has no type that could matter"
    );
    let next = form.cookie("refresh_token").unwrap();
    let text = app
        .refresh_request(&next)
        .header("Content-Type", "text/plain")
        .body("x")
        .reply()
        .await;
    text.assert_error(415, "UNSUPPORTED_MEDIA_TYPE");
    let unknown = app
        .refresh_request(&next)
        .json(&json!({ "token": "x" }))
        .reply()
        .await;
    unknown.assert_error(400, "VALIDATION_ERROR");
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    app.post("/api/v1/auth/refresh")
        .reply()
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    for token in ["x", "", &"x".repeat(63), &ada.access, &ada.device] {
        app.refresh(token)
            .await
            .assert_error(401, "AUTHENTICATION_ERROR");
    }
    let longer = app
        .post("/api/v1/auth/refresh")
        .json(&json!({ "refreshToken": "x".repeat(257) }))
        .reply()
        .await;
    longer.assert_error(400, "VALIDATION_ERROR");
    assert_eq!(
        app.me(&ada.refresh).await,
        401,
        "and a refresh token is no access token"
    );
}

#[tokio::test]
async fn a_new_role_is_in_the_next_access_token() {
    let app = TestApp::start().await;
    app.register("ada@example.com").await;
    let reply = app.login("ada@example.com", PASSWORD).await;
    app.execute("UPDATE auth.users SET role = 'merchant'").await;
    let refreshed = app.refresh(&Person::of(&reply).refresh).await;
    let me = app
        .get("/api/v1/auth/me")
        .bearer_auth(refreshed.access())
        .reply()
        .await;
    assert_eq!(me.body["data"]["user"]["role"], "merchant");
}
