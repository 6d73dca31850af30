//! What a client sees of a running system.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::system::{System, shared};

/// A client like any other outside the system.
pub fn client() -> reqwest::Client {
    common::crypto::install_providers();
    common::client::http_client().unwrap()
}

pub async fn post(system: &System, path: &str, body: &Value) -> (StatusCode, Value) {
    let url = system.url("gateway", path);
    let response = client().post(url).json(body).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn me(system: &System, token: &str) -> (StatusCode, Value) {
    let url = system.url("gateway", "/api/v1/auth/me");
    let response = client().get(url).bearer_auth(token).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_customer_registers_logs_in_and_sees_themself() {
    let system = shared();
    let credentials = json!({"email": "Ada@Example.com", "password": "Correct-Horse-7-Battery"});
    let mut registration = credentials.clone();
    registration["name"] = json!("Ada Obi");
    let (status, body) = post(system, "/api/v1/auth/register", &registration).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");

    let (status, body) = post(system, "/api/v1/auth/login", &credentials).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let token = body["data"]["accessToken"].as_str().unwrap();

    let (status, body) = me(system, token).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(body["data"]["user"]["email"], "ada@example.com");
}

#[tokio::test]
async fn every_seeded_account_can_log_in() {
    let system = shared();
    let accounts = system.json("accounts.json");
    let mut roles = Vec::new();
    for account in accounts.as_array().unwrap() {
        let credentials = json!({"email": account["email"], "password": account["password"]});
        let (status, body) = post(system, "/api/v1/auth/login", &credentials).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(body["data"]["user"]["role"], account["role"]);
        roles.push(account["role"].as_str().unwrap().to_owned());
    }
    roles.sort();
    assert_eq!(
        roles,
        ["admin", "customer", "finance", "fulfilment", "merchant"]
    );
}

#[tokio::test]
async fn the_front_door_answers_health_documents_and_keys() {
    let system = shared();
    for path in [
        "/healthz",
        "/docs",
        "/api/v1/openapi.json",
        "/.well-known/jwks.json",
    ] {
        let url = system.url("gateway", path);
        let response = client().get(url).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
    }
}
