//! Pictures of a product.

use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::{Ask as _, Reply};

use crate::app::TestApp;

const HOST: &str = "https://res.cloudinary.com/shop";

async fn ask(app: &TestApp, method: Method, path: String, body: Value) -> Reply {
    app.as_merchant(method, &path).json(&body).reply().await
}

fn urls(reply: &Reply) -> Vec<String> {
    let images = reply.data()["product"]["images"].as_array().unwrap();
    let name = |image: &Value| image["url"].as_str().unwrap().replace(HOST, "");
    images.iter().map(name).collect()
}

#[tokio::test]
async fn pictures_are_added_moved_and_taken_away() {
    let app = TestApp::start().await;
    let product = app.plain_product("LACE", "Royal lace", json!(10)).await;
    let path = format!("/products/{}/images", product["id"].as_str().unwrap());
    for name in ["a", "b", "c"] {
        let body = json!({ "url": format!("{HOST}/{name}"), "alt": name });
        ask(&app, Method::POST, path.clone(), body)
            .await
            .assert_success(201);
    }
    let seen = app.get("/products/royal-lace").await;
    assert_eq!(urls(&seen), ["/a", "/b", "/c"]);
    assert_eq!(seen.data()["product"]["version"], 4);
    let last = seen.data()["product"]["images"][2]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let one = format!("{path}/{last}");
    let body = json!({ "position": 0, "type": "thumbnail", "alt": "Gold" });
    let moved = ask(&app, Method::PATCH, one.clone(), body).await;
    moved.assert_success(200);
    assert_eq!(urls(&moved), ["/c", "/a", "/b"]);
    assert_eq!(moved.data()["product"]["thumbnail"], format!("{HOST}/c"));
    let gone = app.as_merchant(Method::DELETE, &one).reply().await;
    gone.assert_success(200);
    assert_eq!(urls(&gone), ["/a", "/b"]);
    assert_eq!(urls(&app.get("/products/royal-lace").await), ["/a", "/b"]);
    app.as_merchant(Method::DELETE, &one)
        .reply()
        .await
        .assert_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused() {
    let app = TestApp::start().await;
    let product = app.plain_product("LACE", "Royal lace", json!(10)).await;
    let path = format!("/products/{}/images", product["id"].as_str().unwrap());
    let evil = json!({ "url": "https://evil.example/x.jpg" });
    let refused = ask(&app, Method::POST, path.clone(), evil).await;
    refused.assert_error(400, "VALIDATION_ERROR");
    assert_eq!(refused.field(), "url");
    let good = json!({ "url": format!("{HOST}/a") });
    let stale = app
        .as_merchant(Method::POST, &path)
        .header("If-Match", "7")
        .json(&good);
    stale.reply().await.assert_error(409, "VERSION_CONFLICT");
    for _ in 0..20 {
        ask(&app, Method::POST, path.clone(), good.clone())
            .await
            .assert_success(201);
    }
    ask(&app, Method::POST, path.clone(), good.clone())
        .await
        .assert_error(409, "INVALID_STATE");
    let customer = app
        .request(Method::POST, &format!("/api/v1{path}"))
        .bearer_auth(app.token("customer"))
        .json(&good);
    customer
        .reply()
        .await
        .assert_error(403, "AUTHORIZATION_ERROR");
}
