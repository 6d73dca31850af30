use serde_json::json;

use crate::app::{Ask as _, TestApp, service_token};

#[tokio::test]
async fn the_published_keys_are_public_halves_only() {
    let app = TestApp::start().await;
    let reply = app.get("/.well-known/jwks.json").reply().await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["cache-control"], "public, max-age=60");
    let keys = reply.body["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2, "the active one and the retired one");
    for key in keys {
        assert_eq!(
            (
                key["kty"].as_str(),
                key["alg"].as_str(),
                key["use"].as_str()
            ),
            (Some("RSA"), Some("RS256"), Some("sig"))
        );
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "{private}");
        }
    }
}

#[tokio::test]
async fn revocations_are_for_services() {
    let app = TestApp::start().await;
    app.get("/internal/revocations")
        .reply()
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    let ada = app.register("ada@example.com").await;
    app.post("/api/v1/auth/logout")
        .bearer_auth(&ada.access)
        .reply()
        .await;
    let ask = |query: &str| {
        app.get(&format!("/internal/revocations{query}"))
            .bearer_auth(service_token("orders"))
    };
    let all = ask("").reply().await;
    assert_eq!(all.status, 200, "{}", all.body);
    assert_eq!(all.body["data"]["hasMore"], false);
    let revoked = all.body["data"]["revocations"].as_array().unwrap();
    assert_eq!(revoked.len(), 1);
    let session = app.value("SELECT id FROM auth.sessions").await;
    assert_eq!(revoked[0]["sessionId"], session);
    let at = revoked[0]["revokedAt"]
        .as_str()
        .unwrap()
        .replace('+', "%2B");
    let again = ask(&format!("?since={at}")).reply().await;
    assert_eq!(
        again.body["data"]["revocations"].as_array().unwrap().len(),
        1,
        "`since` is inclusive"
    );
    let as_of = all.body["data"]["asOf"]
        .as_str()
        .unwrap()
        .replace('+', "%2B");
    let later = ask(&format!("?since={as_of}")).reply().await;
    assert_eq!(later.body["data"]["revocations"], json!([]));
    ask("?since=yesterday")
        .reply()
        .await
        .assert_error(400, "VALIDATION_ERROR");
}

#[tokio::test]
async fn a_long_list_of_revocations_comes_in_pages() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    app.execute(&format!(
        "WITH s AS (INSERT INTO auth.sessions (id, user_id, device_info, ip_address, user_agent, mfa, created_at, \
             last_used_at, expires_at) \
             SELECT gen_random_uuid(), '{0}', '', '', '', false, now(), now(), now() + interval '1 day' \
             FROM generate_series(1, 5003) RETURNING id) \
         INSERT INTO auth.session_revocations (id, session_id, user_id, reason) \
         SELECT gen_random_uuid(), id, '{0}', 'logout' FROM s",
        ada.id
    ))
    .await;
    let ask = |query: String| {
        app.get(&format!("/internal/revocations{query}"))
            .bearer_auth(service_token("orders"))
    };
    let first = ask(String::new()).reply().await;
    let page = first.body["data"]["revocations"].as_array().unwrap();
    assert_eq!(
        (page.len(), &first.body["data"]["hasMore"]),
        (5_000, &json!(true))
    );
    let last = page[4_999]["revokedAt"]
        .as_str()
        .unwrap()
        .replace('+', "%2B");
    let rest = ask(format!("?since={last}")).reply().await;
    assert_eq!(rest.body["data"]["hasMore"], false);
    assert!(rest.body["data"]["revocations"].as_array().unwrap().len() >= 4);
}

#[tokio::test]
async fn contacts_are_for_those_who_write_to_people() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let path = format!("/internal/users/{}/contact", ada.id);
    app.get(&path)
        .reply()
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    app.execute(&format!(
        "INSERT INTO auth.consents (id, user_id, consent_type, is_granted, recorded_at) VALUES \
         (gen_random_uuid(), '{0}', 'marketing', true, now() - interval '1 day'), \
         (gen_random_uuid(), '{0}', 'marketing', false, now()), \
         (gen_random_uuid(), '{0}', 'analytics', true, now())",
        ada.id
    ))
    .await;
    let reply = app
        .get(&path)
        .bearer_auth(service_token("orders"))
        .reply()
        .await;
    assert_eq!(
        reply.body["data"]["contact"],
        json!({
            "userId": ada.id, "email": "ada@example.com", "name": "Ada Obi", "verified": false, "role": "customer",
            "consents": { "marketing": false, "analytics": true, "cookies": false }
        })
    );
    let nobody = "/internal/users/0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f/contact";
    app.get(nobody)
        .bearer_auth(service_token("orders"))
        .reply()
        .await
        .assert_error(404, "NOT_FOUND");
    let bad = app
        .get("/internal/users/1/contact")
        .bearer_auth(service_token("orders"))
        .reply()
        .await;
    assert!(matches!(bad.status, 400 | 404));
}

#[tokio::test]
async fn a_service_token_of_another_name_is_refused() {
    let app = TestApp::start().await;
    let path = "/internal/revocations";
    app.get(path)
        .bearer_auth(service_token("gateway"))
        .reply()
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
}
