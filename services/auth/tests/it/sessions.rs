use reqwest::Method;
use reqwest::header::{COOKIE, USER_AGENT};

use crate::app::{Ask as _, PASSWORD, Person, Reply, TestApp};

async fn sessions(app: &TestApp, person: &Person) -> Vec<serde_json::Value> {
    let reply = app
        .get("/api/v1/auth/sessions")
        .bearer_auth(&person.access)
        .reply()
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body["data"]["sessions"].as_array().unwrap().clone()
}

async fn login_again(app: &TestApp, email: &str) -> Person {
    Person::of(
        &app.login_request(email, PASSWORD)
            .header(
                USER_AGENT,
                "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
            )
            .reply()
            .await,
    )
}

async fn revoke(app: &TestApp, person: &Person, method: Method, path: &str) -> Reply {
    app.request(method, path)
        .bearer_auth(&person.access)
        .reply()
        .await
}

#[tokio::test]
async fn one_sees_every_session_of_ones_own() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let laptop = login_again(&app, "ada@example.com").await;
    app.register("eve@example.com").await;
    let listed = sessions(&app, &laptop).await;
    assert_eq!(listed.len(), 2);
    let current: Vec<_> = listed.iter().filter(|s| s["current"] == true).collect();
    assert_eq!(current.len(), 1);
    assert_eq!(current[0]["deviceInfo"], "Firefox on Linux");
    assert_eq!(current[0]["ipAddress"], "127.0.0.1");
    for key in ["id", "userAgent", "createdAt", "lastUsedAt", "expiresAt"] {
        assert!(current[0][key].is_string(), "{key}");
    }
    assert_eq!(sessions(&app, &ada).await.len(), 2);
}

#[tokio::test]
async fn a_revoked_session_is_dead_at_once() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    for method in [Method::POST, Method::DELETE] {
        let phone = login_again(&app, "ada@example.com").await;
        let all = sessions(&app, &phone).await;
        let id = all.iter().find(|s| s["current"] == true).unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let path = if method == Method::POST {
            format!("/api/v1/auth/sessions/{id}/revoke")
        } else {
            format!("/api/v1/auth/sessions/{id}")
        };
        assert_eq!(revoke(&app, &ada, method.clone(), &path).await.status, 200);
        assert_eq!(app.me(&phone.access).await, 401);
        assert_eq!(app.refresh(&phone.refresh).await.status, 401);
        revoke(&app, &ada, method, &path)
            .await
            .assert_error(404, "NOT_FOUND");
    }
    assert_eq!(app.me(&ada.access).await, 200);
    assert_eq!(
        app.audited()
            .await
            .iter()
            .filter(|a| *a == "session.revoked")
            .count(),
        2
    );
}

#[tokio::test]
async fn somebody_elses_session_looks_like_none() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let eve = app.register("eve@example.com").await;
    let id = sessions(&app, &ada).await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let others = revoke(
        &app,
        &eve,
        Method::POST,
        &format!("/api/v1/auth/sessions/{id}/revoke"),
    )
    .await;
    let none = revoke(
        &app,
        &eve,
        Method::POST,
        "/api/v1/auth/sessions/0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f/revoke",
    )
    .await;
    others.assert_error(404, "NOT_FOUND");
    assert_eq!(others.body["message"], none.body["message"]);
    assert_eq!(app.me(&ada.access).await, 200);
    for bad in [
        "1",
        "not-a-uuid",
        "{0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f",
        "%20",
    ] {
        let reply = revoke(
            &app,
            &eve,
            Method::DELETE,
            &format!("/api/v1/auth/sessions/{bad}"),
        )
        .await;
        assert!(matches!(reply.status, 400 | 404), "{bad}: {}", reply.status);
    }
}

#[tokio::test]
async fn logging_out_ends_this_session_only() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let phone = login_again(&app, "ada@example.com").await;
    let reply = app
        .post("/api/v1/auth/logout")
        .bearer_auth(&phone.access)
        .header(COOKIE, format!("refresh_token={}", phone.refresh))
        .reply()
        .await;
    assert_eq!(reply.status, 200);
    let cleared = reply.headers["set-cookie"].to_str().unwrap();
    assert!(
        cleared.starts_with("refresh_token=;") && cleared.contains("Max-Age=0"),
        "{cleared}"
    );
    assert_eq!(app.refresh(&phone.refresh).await.status, 401);
    assert_eq!(app.me(&phone.access).await, 401);
    assert_eq!(app.me(&ada.access).await, 200);
}

#[tokio::test]
async fn nothing_of_this_works_without_a_token() {
    let app = TestApp::start().await;
    let id = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f";
    for (method, path) in [
        (Method::GET, "/api/v1/auth/me".to_owned()),
        (Method::PATCH, "/api/v1/auth/me".to_owned()),
        (Method::POST, "/api/v1/auth/logout".to_owned()),
        (Method::POST, "/api/v1/auth/change-password".to_owned()),
        (Method::GET, "/api/v1/auth/sessions".to_owned()),
        (Method::POST, format!("/api/v1/auth/sessions/{id}/revoke")),
        (Method::DELETE, format!("/api/v1/auth/sessions/{id}")),
    ] {
        let reply = app.request(method, &path).reply().await;
        reply.assert_error(401, "AUTHENTICATION_ERROR");
        assert_eq!(reply.headers["www-authenticate"], "Bearer");
    }
}
