//! PostgreSQL is away for a while.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use test_support::PrivatePostgres;
use test_support::service::Ask as _;

use crate::app::{TestApp, World};

/// No answer may take longer, whatever is away.
const ANSWERED_WITHIN: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread")]
async fn while_postgres_is_away_what_is_ready_is_shown_and_the_rest_says_to_come_back() {
    let mut postgres = PrivatePostgres::start();
    let app = TestApp::start_in(World::with_postgres(&postgres)).await;
    let product = app.plain_product("LACE", "Royal lace", json!(10)).await;
    app.get("/products/royal-lace").await.assert_success(200);
    postgres.kill();
    app.get("/products/royal-lace").await.assert_success(200);
    let begun = Instant::now();
    let unknown = app.get("/products?limit=7").await;
    unknown.assert_error(503, "SERVICE_UNAVAILABLE");
    assert_ne!(unknown.header("retry-after"), "");
    let change = app.change(&product["id"], json!({ "price": 11 })).await;
    change.assert_error(503, "SERVICE_UNAVAILABLE");
    let file = app
        .as_merchant(Method::POST, "/products/import")
        .header("content-type", "text/csv")
        .body("sku,title,price\nCAP,Cap,1\n");
    file.reply().await.assert_error(503, "SERVICE_UNAVAILABLE");
    let export = app.as_merchant(Method::GET, "/products/export");
    export
        .reply()
        .await
        .assert_error(503, "SERVICE_UNAVAILABLE");
    assert!(begun.elapsed() < 4 * ANSWERED_WITHIN);
    tokio::task::block_in_place(|| postgres.restart());
    let change = app.change(&product["id"], json!({ "price": 11 })).await;
    change.assert_success(200);
    let shown = app.get("/products/royal-lace").await;
    assert_eq!(shown.data()["product"]["version"], 2);
}
