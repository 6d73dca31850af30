//! Ready-made answers: quick, and never old.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::TestRedis;
use test_support::service::Ask as _;
use tokio::time::sleep;

use crate::app::{SEEN_WITHIN, TestApp, World, id};

async fn price(app: &TestApp) -> Value {
    let reply = app.get("/products/royal-lace").await;
    reply.assert_success(200)["product"]["price"].clone()
}

async fn until_price(app: &TestApp, wanted: &Value) -> Duration {
    let begun = Instant::now();
    while price(app).await != *wanted {
        assert!(begun.elapsed() < Duration::from_secs(10), "it stays old");
        sleep(Duration::from_millis(10)).await;
    }
    begun.elapsed()
}

#[tokio::test]
async fn what_many_want_at_once_is_made_once() {
    let app = TestApp::start().await;
    app.plain_product("LACE", "Royal lace", json!(10)).await;
    let before = app.answers_from("postgres").await;
    let replies = join_all((0..60).map(|_| app.get("/products?sortBy=price"))).await;
    for reply in &replies {
        reply.assert_success(200);
    }
    assert_eq!(app.answers_from("postgres").await - before, 1);
}

#[tokio::test]
async fn a_process_takes_from_redis_what_another_has_made() {
    let app = TestApp::start().await;
    app.plain_product("LACE", "Royal lace", json!(10)).await;
    let begun = Instant::now();
    let beside = app.start_beside().await;
    // The first answers are made before Redis names an edition.
    while beside.answers_from("redis").await == 0 {
        assert!(begun.elapsed() < Duration::from_secs(10));
        let other = format!("/products?minPrice={}", begun.elapsed().as_millis());
        app.get(&other).await.assert_success(200);
        sleep(Duration::from_millis(20)).await;
        beside.get(&other).await.assert_success(200);
    }
}

#[tokio::test]
async fn a_change_is_seen_at_once_where_it_was_made_and_soon_everywhere() {
    let app = TestApp::start().await;
    let beside = app.start_beside().await;
    let product = app.plain_product("LACE", "Royal lace", json!(10)).await;
    for naira in 11..=16 {
        let naira = f64::from(naira);
        until_price(&beside, &price(&app).await).await;
        let reply = app.change(&product["id"], json!({ "price": naira })).await;
        reply.assert_success(200);
        assert_eq!(price(&app).await, json!(naira));
        let took = until_price(&beside, &json!(naira)).await;
        assert!(took < SEEN_WITHIN, "{took:?}");
    }
}

#[tokio::test]
async fn lists_and_categories_change_with_what_they_show() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/categories").await.data()["categories"], json!([]));
    let made = app
        .as_merchant(Method::POST, "/categories")
        .json(&json!({ "name": "Lace" }))
        .reply()
        .await;
    let category = made.assert_success(201)["category"].clone();
    let tree = app.get("/categories").await;
    assert_eq!(tree.data()["categories"][0]["slug"], "lace");
    let list = "/products?category=lace";
    assert_eq!(app.get(list).await.data()["products"], json!([]));
    let product = app
        .product(json!({ "sku": "A", "title": "A", "price": 1, "categoryId": category["id"] }))
        .await;
    assert_eq!(
        app.get(list).await.data()["products"][0]["id"],
        product["id"]
    );
    let path = format!("/products/{}", product["id"].as_str().unwrap());
    let gone = app.as_merchant(Method::DELETE, &path).reply().await;
    gone.assert_success(200);
    assert_eq!(app.get(list).await.data()["products"], json!([]));
    app.get(&path).await.assert_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn stock_that_was_heard_of_is_shown_soon() {
    let app = TestApp::start().await;
    let product = app.plain_product("LACE", "Royal lace", json!(10)).await;
    app.shown_with("royal-lace", 0).await;
    let variant = id(&product["variants"][0]["id"]);
    app.hear_stock(&[(variant, 7, 1)]).await;
    app.shown_with("royal-lace", 7).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_nothing_fails_and_what_was_changed_meanwhile_is_seen_when_it_is_back() {
    let mut redis = TestRedis::private();
    let app = TestApp::start_in(World::with_redis(redis.url(), "")).await;
    let beside = app.start_beside().await;
    let product = app.plain_product("LACE", "Royal lace", json!(10)).await;
    // By then it has seen the edition that the product began; what it has of that it keeps.
    sleep(SEEN_WITHIN).await;
    assert_eq!(price(&beside).await, json!(10.0));
    redis.kill();
    let reply = app.change(&product["id"], json!({ "price": 11 })).await;
    reply.assert_success(200);
    assert_eq!(price(&app).await, json!(11.0));
    // It has nobody to hear it from now, and may show for a while what it has.
    let shown = price(&beside).await;
    assert!(shown == json!(10.0) || shown == json!(11.0), "{shown}");
    tokio::task::block_in_place(|| redis.restart());
    let took = until_price(&beside, &json!(11.0)).await;
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn who_has_the_answer_is_told_so_and_who_takes_gzip_gets_it() {
    let app = TestApp::start().await;
    let long = "lace ".repeat(400);
    app.product(json!({ "sku": "L", "title": "Lace", "price": 1, "description": long }))
        .await;
    let plain = app.get("/products/lace").await;
    assert_eq!(plain.header("vary"), "accept-encoding");
    let tag = plain.header("etag").to_owned();
    let ask = |name: &'static str, value: &str| {
        app.request(Method::GET, "/api/v1/products/lace")
            .header(name, value)
    };
    let again = ask("If-None-Match", &tag).reply().await;
    assert_eq!(again.status, 304);
    let zipped = ask("Accept-Encoding", "br, gzip").send().await.unwrap();
    assert_eq!(zipped.headers()["content-encoding"], "gzip");
    assert_eq!(zipped.headers()["etag"], tag.as_str());
    assert!(zipped.bytes().await.unwrap().len() < 1000);
    let refused = ask("Accept-Encoding", "gzip;q=0, identity")
        .send()
        .await
        .unwrap();
    assert!(!refused.headers().contains_key("content-encoding"));
}
