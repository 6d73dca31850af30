//! What inventory says is shown.

use messaging::Outcome;
use serde_json::json;

use crate::app::{TestApp, id};

#[tokio::test]
async fn the_newest_number_is_shown_and_summed() {
    let app = TestApp::start().await;
    let product = app
        .product(json!({ "sku": "A", "title": "A", "price": 1,
            "variants": [{ "sku": "A1" }, { "sku": "A2" }] }))
        .await;
    let (one, two) = (
        id(&product["variants"][0]["id"]),
        id(&product["variants"][1]["id"]),
    );
    let outcomes = app
        .hear_stock(&[(one, 5, 2), (two, 7, 1), (one, 4, 3)])
        .await;
    assert_eq!(outcomes, [Outcome::Applied; 3]);
    let shown = app.shown_with("a", 11).await;
    assert_eq!(shown["inStock"], true);
    assert_eq!(shown["variants"][0]["available"], 4);
    app.hear_stock(&[(one, 99, 2), (two, 0, 2)]).await;
    let shown = app.shown_with("a", 4).await;
    assert_eq!(shown["version"], 1, "stock is no change of the product");
    assert_eq!(
        app.get("/products?inStock=true").await.data()["pagination"]["total"],
        1
    );
}

#[tokio::test]
async fn many_batches_at_once_lose_nothing() {
    let app = TestApp::start().await;
    let variants: Vec<_> = (0..20)
        .map(|number| json!({ "sku": format!("V{number}") }))
        .collect();
    let product = app
        .product(json!({ "sku": "A", "title": "A", "price": 1, "variants": variants }))
        .await;
    let ids: Vec<_> = product["variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| id(&v["id"]))
        .collect();
    let batch = |version: i64| {
        let said: Vec<_> = ids.iter().map(|id| (*id, version, version)).collect();
        let app = &app;
        async move { app.hear_stock(&said).await }
    };
    tokio::join!(batch(1), batch(2), batch(3), batch(4));
    app.shown_with("a", 80).await;
}
