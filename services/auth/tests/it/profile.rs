use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Ask as _, Person, Reply, TestApp};

async fn patch(app: &TestApp, person: &Person, body: &Value) -> Reply {
    app.request(Method::PATCH, "/api/v1/auth/me")
        .bearer_auth(&person.access)
        .json(body)
        .reply()
        .await
}

#[tokio::test]
async fn name_and_phone_can_be_changed_and_the_phone_removed() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let reply = patch(
        &app,
        &ada,
        &json!({ "name": "Ada Lovelace", "phone": "+2348012345678" }),
    )
    .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.body["data"]["user"]["name"], "Ada Lovelace");
    assert_eq!(reply.body["data"]["user"]["phone"], "+2348012345678");
    let reply = patch(&app, &ada, &json!({ "name": "Ada" })).await;
    assert_eq!(
        reply.body["data"]["user"]["phone"], "+2348012345678",
        "what is absent stays"
    );
    let reply = patch(&app, &ada, &json!({ "phone": null })).await;
    assert_eq!(reply.body["data"]["user"]["phone"], Value::Null);
    let me = app
        .get("/api/v1/auth/me")
        .bearer_auth(&ada.access)
        .reply()
        .await;
    assert_eq!(me.body["data"]["user"], reply.body["data"]["user"]);
    assert_eq!(patch(&app, &ada, &json!({})).await.status, 200);
}

#[tokio::test]
async fn nothing_else_can_be_changed() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    for (body, field) in [
        (json!({ "role": "admin" }), "role"),
        (json!({ "email": "eve@example.com" }), "email"),
        (json!({ "verified": true }), "verified"),
        (json!({ "version": 9 }), "version"),
        (json!({ "name": "" }), "name"),
        (json!({ "name": "a\r\nBcc: x@example.com" }), "name"),
        (json!({ "name": 5 }), "name"),
        (json!({ "phone": "12345" }), "phone"),
    ] {
        let reply = patch(&app, &ada, &body).await;
        reply.assert_error(400, "VALIDATION_ERROR");
        assert_eq!(reply.field(), field, "{body}");
    }
}

#[tokio::test]
async fn every_printable_text_is_kept_as_it_was_written() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    for name in [
        "<script>alert(1)</script>",
        "{{7*7}}",
        "${jndi:ldap://x}",
        "'\"--;",
        "%s%n",
        "é",
        "e\u{301}",
        "👩‍👩‍👧",
        "李",
    ] {
        let reply = patch(&app, &ada, &json!({ "name": name })).await;
        assert_eq!(reply.body["data"]["user"]["name"], name, "{}", reply.body);
    }
    for name in ["a\u{202e}b", &"x".repeat(10_000)] {
        patch(&app, &ada, &json!({ "name": name }))
            .await
            .assert_error(400, "VALIDATION_ERROR");
    }
}
