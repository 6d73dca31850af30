//! A shopper browses, and a merchant changes what she sees: gateway, catalog, inventory and cart in one.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::shop::{client, post};
use crate::system::{System, shared};

/// Events go through the broker, which may still be starting.
const PATIENCE: Duration = Duration::from_secs(60);

async fn ask(
    system: &System,
    (method, path): (Method, &str),
    token: &str,
    body: Option<&Value>,
) -> (StatusCode, Value) {
    let url = system.url("gateway", &format!("/api/v1{path}"));
    let mut request = client().request(method, url).bearer_auth(token);
    if let Some(body) = body {
        request = request.json(body);
    }
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn get(system: &System, path: &str) -> Value {
    let url = system.url("gateway", &format!("/api/v1{path}"));
    let response = client().get(url).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response.json().await.unwrap()
}

async fn token(system: &System, role: &str) -> String {
    let accounts = system.json("accounts.json");
    let mut accounts = accounts.as_array().unwrap().iter();
    let account = accounts.find(|account| account["role"] == role).unwrap();
    let credentials = json!({"email": account["email"], "password": account["password"]});
    let (status, body) = post(system, "/api/v1/auth/login", &credentials).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body["data"]["accessToken"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_found_can_be_put_into_a_cart_and_follows_the_shop() {
    let system = shared();
    let found = get(system, "/products/search?q=swis+voil").await;
    let product = found["data"]["products"][0].clone();
    assert_eq!(product["slug"], "swiss-voile-lace");
    let picture = client()
        .get(product["thumbnail"].as_str().unwrap().replace(
            "http://127.0.0.1:3900",
            system.url("sandbox", "").trim_end_matches('/'),
        ))
        .send()
        .await
        .unwrap();
    assert_eq!(picture.status(), StatusCode::OK);
    assert_eq!(picture.headers()["content-type"], "image/svg+xml");

    let (shopper, merchant) = (
        token(system, "customer").await,
        token(system, "merchant").await,
    );
    let variant = &product["variants"][0]["id"];
    let line = json!({"productId": product["id"], "variantId": variant, "quantity": 2});
    let (status, body) = ask(system, (Method::POST, "/cart/items"), &shopper, Some(&line)).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    assert_eq!(
        body["data"]["cart"]["items"][0]["unitPrice"],
        product["price"]
    );

    let path = format!("/products/{}", product["id"].as_str().unwrap());
    let dearer = json!({"price": 33000, "version": product["version"]});
    let (status, body) = ask(system, (Method::PATCH, &path), &merchant, Some(&dearer)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(
        get(system, &path).await["data"]["product"]["price"],
        json!(33000.0)
    );
    let begun = Instant::now();
    loop {
        let (_, body) = ask(system, (Method::GET, "/cart"), &shopper, None).await;
        let line = &body["data"]["cart"]["items"][0];
        if line["unitPrice"] == json!(33000.0) {
            assert_eq!(line["priceChanged"], true);
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{body}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn stock_that_staff_counts_is_shown_to_shoppers() {
    let system = shared();
    let product = get(system, "/products/calabash-bowls").await["data"]["product"].clone();
    let variant = product["variants"][0]["id"].as_str().unwrap().to_owned();
    let merchant = token(system, "merchant").await;
    let path = format!("/admin/inventory/{variant}/stock");
    let counted = json!({"quantity": 3, "operation": "set", "reason": "counted"});
    let (status, body) = ask(system, (Method::PATCH, &path), &merchant, Some(&counted)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let begun = Instant::now();
    loop {
        let shown = get(system, "/products/calabash-bowls").await;
        if shown["data"]["product"]["variants"][0]["available"] == 3 {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{shown}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let nine = json!({"productId": product["id"], "variantId": variant, "quantity": 9});
    let shopper = token(system, "customer").await;
    let (status, body) = ask(system, (Method::POST, "/cart/items"), &shopper, Some(&nine)).await;
    assert_eq!(
        (status, &body["code"]),
        (StatusCode::CONFLICT, &json!("INSUFFICIENT_STOCK")),
        "{body}"
    );
}
