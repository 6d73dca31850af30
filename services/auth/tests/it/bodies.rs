//! Bodies that no honest client sends.

use std::time::Instant;

use crate::app::{Ask as _, PASSWORD, TestApp};

async fn post(
    app: &TestApp,
    content_type: &str,
    body: impl Into<reqwest::Body>,
) -> crate::app::Reply {
    app.post("/api/v1/auth/login")
        .header("Content-Type", content_type)
        .body(body)
        .reply()
        .await
}

#[tokio::test]
async fn malformed_json_is_a_client_error_and_quickly() {
    let app = TestApp::start().await;
    let good = format!(r#"{{"email":"a@example.com","password":"{PASSWORD}"}}"#);
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let many_keys = format!(
        "{{{}}}",
        (0..20_000)
            .map(|n| format!("\"k{n}\":1"))
            .collect::<Vec<_>>()
            .join(",")
    );
    let bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"{".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\"text\"".to_vec(),
        b"1e400".to_vec(),
        deep(127).into_bytes(),
        deep(128).into_bytes(),
        deep(129).into_bytes(),
        deep(100_000).into_bytes(),
        many_keys.into_bytes(),
        format!("{good} trailing").into_bytes(),
        format!("{good}\n{good}").into_bytes(),
        format!("/* comment */{good}").into_bytes(),
        format!("\u{feff}{good}").into_bytes(),
        utf16,
        good.replace("a@", "\\ud800@").into_bytes(),
        good.replace("a@", "\\u0000@").into_bytes(),
        good.replace("a@", "\0@").into_bytes(),
        good.replace('}', r#","email":"b@example.com"}"#)
            .into_bytes(),
        b"\xff\xfe".to_vec(),
    ];
    for body in bodies {
        let shown = String::from_utf8_lossy(&body)
            .chars()
            .take(60)
            .collect::<String>();
        let started = Instant::now();
        let reply = post(&app, "application/json", body).await;
        let took = started.elapsed();
        assert_eq!(reply.status, 400, "{shown}: {}", reply.body);
        reply.assert_error(400, "VALIDATION_ERROR");
        assert!(took.as_millis() < 500, "{shown}: {took:?}");
    }
}

#[tokio::test]
async fn other_content_types_are_refused() {
    let app = TestApp::start().await;
    let good = format!(r#"{{"email":"a@example.com","password":"{PASSWORD}"}}"#);
    for content_type in [
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-7",
        "",
    ] {
        let reply = post(&app, content_type, good.clone()).await;
        assert_eq!(reply.status, 415, "{content_type}: {}", reply.body);
        reply.assert_error(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    for encoding in ["gzip", "br", "deflate"] {
        let reply = app
            .post("/api/v1/auth/login")
            .header("Content-Type", "application/json")
            .header("Content-Encoding", encoding)
            .body(vec![0x1f_u8; 1_000])
            .reply()
            .await;
        reply.assert_error(415, "UNSUPPORTED_MEDIA_TYPE");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_unread() {
    let app = TestApp::start().await;
    let huge = format!(r#"{{"email":"{}"}}"#, "a".repeat(5_000_000));
    let sent = app
        .post("/api/v1/auth/login")
        .header("Content-Type", "application/json")
        .body(huge)
        .send()
        .await;
    // The service may answer and close while the client is still sending.
    if let Ok(response) = sent {
        assert_eq!(response.status(), 413);
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_have_the_envelope_too() {
    let app = TestApp::start().await;
    app.get("/api/v1/auth/nothing")
        .reply()
        .await
        .assert_error(404, "NOT_FOUND");
    app.get("/").reply().await.assert_error(404, "NOT_FOUND");
    let reply = app.get("/api/v1/auth/login").reply().await;
    reply.assert_error(405, "METHOD_NOT_ALLOWED");
    assert_eq!(reply.headers["allow"], "POST");
}

#[tokio::test]
async fn the_request_id_is_kept_when_it_is_one() {
    let app = TestApp::start().await;
    let kept = app
        .get("/api/v1/auth/me")
        .header("X-Request-ID", "abc-1.2_3")
        .reply()
        .await;
    assert_eq!(kept.headers["x-request-id"], "abc-1.2_3");
    assert_eq!(kept.body["requestId"], "abc-1.2_3");
    let replaced = app
        .get("/api/v1/auth/me")
        .header("X-Request-ID", "a b")
        .reply()
        .await;
    assert_ne!(replaced.headers["x-request-id"], "a b");
}
