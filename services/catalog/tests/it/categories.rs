//! The tree of categories.

use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::Ask as _;

use crate::app::TestApp;

async fn category(app: &TestApp, body: Value) -> Value {
    let reply = app
        .as_merchant(Method::POST, "/categories")
        .json(&body)
        .reply()
        .await;
    reply.assert_success(201)["category"].clone()
}

#[tokio::test]
async fn categories_make_a_tree() {
    let app = TestApp::start().await;
    let fabrics = category(&app, json!({ "name": "Fabrics" })).await;
    let lace = category(&app, json!({ "name": "Lace", "parentId": fabrics["id"] })).await;
    assert_eq!(lace["slug"], "lace");
    let tree = app.get("/categories").await;
    let tree = &tree.assert_success(200)["categories"];
    assert_eq!(tree[0]["slug"], "fabrics");
    assert_eq!(tree[0]["children"][0]["slug"], "lace");
    let path = format!("/categories/{}", fabrics["id"].as_str().unwrap());
    let cycle = app
        .as_merchant(Method::PATCH, &path)
        .json(&json!({ "parentId": lace["id"] }));
    let cycle = cycle.reply().await;
    cycle.assert_error(400, "VALIDATION_ERROR");
    assert_eq!(cycle.field(), "parentId");
    app.as_merchant(Method::DELETE, &path)
        .reply()
        .await
        .assert_error(409, "INVALID_STATE");
}

#[tokio::test]
async fn two_moves_at_once_make_no_cycle() {
    let app = TestApp::start().await;
    let one = category(&app, json!({ "name": "One" })).await;
    let two = category(&app, json!({ "name": "Two" })).await;
    let below = |child: &Value, parent: &Value| {
        let path = format!("/categories/{}", child["id"].as_str().unwrap());
        app.as_merchant(Method::PATCH, &path)
            .json(&json!({ "parentId": parent["id"] }))
    };
    let (a, b) = tokio::join!(below(&one, &two).reply(), below(&two, &one).reply());
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

#[tokio::test]
async fn a_category_shows_what_is_below_it() {
    let app = TestApp::start().await;
    let fabrics = category(&app, json!({ "name": "Fabrics" })).await;
    let lace = category(&app, json!({ "name": "Lace", "parentId": fabrics["id"] })).await;
    app.product(json!({ "sku": "A", "title": "A", "price": 1, "categoryId": lace["id"] }))
        .await;
    app.plain_product("B", "B", json!(1)).await;
    for query in ["category=fabrics", "category=lace"] {
        let listed = app.get(&format!("/products?{query}")).await;
        assert_eq!(listed.data()["pagination"]["total"], 1, "{query}");
    }
    assert_eq!(
        app.get("/products?category=none").await.data()["pagination"]["total"],
        0
    );
}
