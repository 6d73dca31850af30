//! `GET /transaction`: pages and cursors while rows arrive.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::shop::{Shop, texts};

async fn made(shop: &Shop, references: &[&str]) {
    for reference in references {
        shop.initialize(reference).await;
    }
}

fn references(body: &Value) -> Vec<&str> {
    texts(&body["data"], "reference")
}

#[tokio::test]
async fn the_newest_come_first_and_pages_are_counted() {
    let shop = Shop::open();
    made(&shop, &["a", "b", "c", "d", "e"]).await;
    let all = shop.get("/transaction").await.body;
    assert_eq!(all["message"], "Transactions retrieved");
    assert_eq!(references(&all), ["e", "d", "c", "b", "a"]);
    let meta = json!({"total": 5, "total_volume": 50_000, "skipped": 0, "perPage": 50, "page": 1,
        "pageCount": 1});
    assert_eq!(all["meta"], meta);
    let second = shop.get("/transaction?perPage=2&page=2").await.body;
    assert_eq!(references(&second), ["c", "b"]);
    let meta = json!({"total": 5, "total_volume": 20_000, "skipped": 2, "perPage": 2, "page": 2,
        "pageCount": 3});
    assert_eq!(second["meta"], meta);
    let beyond = shop.get("/transaction?perPage=2&page=4").await.body;
    assert_eq!(beyond["data"], json!([]));
    let row = &all["data"][0];
    assert_eq!(row["source"]["type"], "api");
    assert_eq!(row["customer"]["email"], "ada@example.com");
}

#[tokio::test]
async fn pages_shift_while_rows_arrive_and_cursors_do_not() {
    let shop = Shop::open();
    made(&shop, &["a", "b", "c", "d"]).await;
    let page = shop.get("/transaction?perPage=2&page=1").await.body;
    let first = shop
        .get("/transaction?perPage=2&use_cursor=true")
        .await
        .body;
    assert_eq!(references(&page), ["d", "c"]);
    assert_eq!(references(&first), ["d", "c"]);
    assert_eq!(first["meta"]["previous"], "null");
    assert_eq!(first["meta"]["perPage"], 2);
    made(&shop, &["e"]).await;
    let page = shop.get("/transaction?perPage=2&page=2").await.body;
    assert_eq!(references(&page), ["c", "b"], "c is seen twice");
    let next = first["meta"]["next"].as_str().unwrap().replace('=', "%3D");
    let path = format!("/transaction?perPage=2&use_cursor=true&next={next}");
    let second = shop.get(&path).await.body;
    assert_eq!(references(&second), ["b", "a"]);
    assert_eq!(second["meta"]["next"], Value::Null, "this is the end");
    let previous = second["meta"]["previous"]
        .as_str()
        .unwrap()
        .replace('=', "%3D");
    let path = format!("/transaction?perPage=2&use_cursor=true&previous={previous}");
    assert_eq!(references(&shop.get(&path).await.body), ["d", "c"]);
}

#[tokio::test]
async fn a_cursor_walks_through_all_of_one_state() {
    let shop = Shop::open();
    for number in 0..12 {
        let reference = format!("r{number}");
        shop.initialize(&reference).await;
        if number % 3 == 0 {
            shop.ask(&format!("{reference}/complete"), &json!({})).await;
        }
    }
    let mut seen = Vec::new();
    let mut path = "/transaction?status=success&perPage=3&use_cursor=true".to_owned();
    for _ in 0..5 {
        let page = shop.get(&path).await.body;
        seen.extend(references(&page).iter().map(ToString::to_string));
        let Some(next) = page["meta"]["next"].as_str() else {
            break;
        };
        let next = next.replace('=', "%3D");
        path = format!("/transaction?status=success&perPage=3&use_cursor=true&next={next}");
    }
    assert_eq!(seen, ["r9", "r6", "r3", "r0"]);
}

#[tokio::test]
async fn a_list_is_narrowed_by_state_and_time() {
    let shop = Shop::open();
    let start = shop.sandbox.clock.clone();
    let mut times = Vec::new();
    for reference in ["a", "b", "c"] {
        shop.initialize(reference).await;
        times.push(
            shop.verify(reference).await["created_at"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
        start.advance(TimeDelta::days(1));
    }
    shop.ask("b/complete", &json!({})).await;
    shop.ask("c/complete", &json!({"outcome": "failed"})).await;
    for (query, expected) in [
        ("status=success".to_owned(), &["b"][..]),
        ("status=failed".to_owned(), &["c"]),
        ("status=abandoned".to_owned(), &["a"]),
        ("status=reversed".to_owned(), &[]),
        ("status=nonsense".to_owned(), &[]),
        (format!("from={}", &times[1][..10]), &["c", "b"]),
        (
            format!("to={}", times[1].replace('Z', "%2B00:00")),
            &["b", "a"],
        ),
        (
            format!(
                "from={}&to={}&status=success",
                &times[0][..10],
                &times[2][..10]
            ),
            &["b"],
        ),
    ] {
        let body = shop.get(&format!("/transaction?{query}")).await.body;
        assert_eq!(references(&body), expected, "{query}");
        assert_eq!(body["meta"]["total"], expected.len(), "{query}");
    }
    for (query, message) in [
        ("from=soon", "\"from\" must be a valid date"),
        ("next=xyz", "Invalid cursor"),
    ] {
        let answer = shop.get(&format!("/transaction?{query}")).await;
        assert_eq!(
            (answer.status, &answer.body["message"]),
            (400, &json!(message))
        );
    }
}

#[tokio::test]
async fn a_page_is_never_too_big() {
    let shop = Shop::open();
    for _ in 0..101 {
        shop.initialize_with(&json!({})).await;
    }
    let body = shop.get("/transaction?perPage=5000").await.body;
    assert_eq!(body["data"].as_array().unwrap().len(), 100);
    assert_eq!(body["meta"]["perPage"], 100);
    assert_eq!(body["meta"]["pageCount"], 2);
}
