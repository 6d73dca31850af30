//! What other services ask.

use reqwest::Method;
use serde_json::json;
use test_support::service::{Ask as _, service_token};

use crate::app::TestApp;

#[tokio::test]
async fn variants_are_looked_up_by_services_that_may() {
    let app = TestApp::start().await;
    let product = app
        .product(json!({ "sku": "A", "title": "Royal lace", "price": 100,
            "variants": [{ "sku": "A1", "name": "Gold" }, { "sku": "A2", "priceDelta": 5 }] }))
        .await;
    let ask = |body: serde_json::Value| {
        app.request(Method::POST, "/internal/variants/lookup")
            .bearer_auth(service_token("cart", "catalog"))
            .json(&body)
    };
    let found = ask(json!({ "variantIds": [product["variants"][1]["id"]] }))
        .reply()
        .await;
    let variant = &found.assert_success(200)["variants"][0];
    assert_eq!(variant["price"], json!(105.00));
    assert_eq!(variant["title"], "Royal lace");
    assert_eq!(variant["variantCount"], 2);
    assert_eq!(variant["isActive"], true);
    let found = ask(json!({ "productIds": [product["id"]] })).reply().await;
    assert_eq!(found.data()["variants"].as_array().unwrap().len(), 2);
    let path = format!("/products/{}", product["id"].as_str().unwrap());
    app.as_merchant(Method::DELETE, &path)
        .reply()
        .await
        .assert_success(200);
    let found = ask(json!({ "variantIds": [product["variants"][1]["id"]] }))
        .reply()
        .await;
    assert_eq!(found.data()["variants"][0]["isActive"], false);
    let found = ask(json!({ "productIds": [product["id"]] })).reply().await;
    assert_eq!(found.data()["variants"], json!([]));
    app.request(Method::POST, "/internal/variants/lookup")
        .json(&json!({}))
        .reply()
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    app.request(Method::POST, "/internal/variants/lookup")
        .bearer_auth(service_token("auth", "catalog"))
        .json(&json!({}))
        .reply()
        .await
        .assert_error(403, "AUTHORIZATION_ERROR");
}
