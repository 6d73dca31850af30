//! Products from a CSV file, and back into one.

use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::{Ask as _, Reply};

use crate::app::TestApp;

const FILE: &str = "sku,title,price,tags,category,variantSku,variantName,priceDelta,options,initialStock,images\n\
    LACE,Royal lace,48500.50,\"Lace,wedding\",lace,LACE-GOLD,Gold,,\"{\"\"colour\"\":\"\"Gold\"\"}\",60,https://res.cloudinary.com/shop/a.jpg https://res.cloudinary.com/shop/b.jpg\n\
    LACE,,,,,LACE-WINE,Wine,-500,,25,\n\
    CAP,Fila cap,4800,,,,,,,,\n";

async fn import(app: &TestApp, query: &str, file: impl Into<reqwest::Body>) -> Reply {
    app.as_merchant(Method::POST, &format!("/products/import{query}"))
        .header("content-type", "text/csv")
        .body(file)
        .reply()
        .await
}

async fn with_category(app: &TestApp) {
    let made = app
        .as_merchant(Method::POST, "/categories")
        .json(&json!({ "name": "Lace" }))
        .reply()
        .await;
    made.assert_success(201);
}

fn tally(reply: &Reply) -> [Value; 5] {
    let report = &reply.assert_success(200)["import"];
    ["rows", "created", "changed", "unchanged", "failed"].map(|field| report[field].clone())
}

#[tokio::test]
async fn a_file_makes_products_and_the_same_file_again_changes_nothing() {
    let app = TestApp::start().await;
    with_category(&app).await;
    let tried = import(&app, "?dryRun=true", FILE).await;
    assert_eq!(tally(&tried), [3, 2, 0, 0, 0].map(Value::from));
    app.get("/products/royal-lace")
        .await
        .assert_error(404, "NOT_FOUND");
    let made = import(&app, "", FILE).await;
    assert_eq!(tally(&made), [3, 2, 0, 0, 0].map(Value::from));
    let shown = app.get("/products/royal-lace").await;
    let lace = &shown.assert_success(200)["product"];
    assert_eq!(lace["price"], json!(48500.50));
    assert_eq!(lace["category"]["slug"], "lace");
    assert_eq!(lace["variants"][1]["price"], json!(48000.50));
    assert_eq!(lace["variants"][0]["options"], json!({ "colour": "Gold" }));
    assert_eq!(
        lace["images"][1]["url"],
        "https://res.cloudinary.com/shop/b.jpg"
    );
    let told = app.promised("variant.created").await;
    let stocks: Vec<&Value> = told
        .iter()
        .map(|told| &told["data"]["initialStock"])
        .collect();
    assert_eq!(stocks.len(), 3);
    assert!(stocks.contains(&&json!(60)) && stocks.contains(&&json!(25)));
    let again = import(&app, "", FILE).await;
    assert_eq!(tally(&again), [3, 0, 0, 2, 0].map(Value::from));
    assert_eq!(app.promised("product.updated").await.len(), 0);
    let dearer = import(&app, "", "sku,price\nLACE,50000\n").await;
    assert_eq!(tally(&dearer), [1, 0, 1, 0, 0].map(Value::from));
    let shown = app.get("/products/royal-lace").await;
    assert_eq!(
        shown.data()["product"]["variants"][1]["price"],
        json!(49500.00)
    );
    assert_eq!(shown.data()["product"]["title"], "Royal lace");
    assert_eq!(app.promised("variant.updated").await.len(), 2);
}

#[tokio::test]
async fn what_is_wrong_is_left_out_and_listed() {
    let app = TestApp::start().await;
    app.product(
        json!({ "sku": "OTHER", "title": "Other", "price": 1, "variants": [{ "sku": "MINE" }] }),
    )
    .await;
    let file = "sku,title,price,category,variantSku\n\
        GOOD,Good,10,,\n\
        ,No SKU,10,,\n\
        NOPRICE,No price,,,\n\
        CATEGORY,Category,10,nowhere,\n\
        STOLEN,Stolen,10,,MINE\n\
        FEW,Few\n\
        GOOD2,Good too,10,,\n\
        GOOD,Again,10,,\n";
    let reply = import(&app, "", file).await;
    assert_eq!(tally(&reply), [8, 2, 0, 0, 6].map(Value::from));
    let mut errors: Vec<(u64, Value)> = reply.data()["import"]["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["row"].as_u64().unwrap(), error["field"].clone()))
        .collect();
    errors.sort_by_key(|(row, _)| *row);
    let expected = [
        (3, json!("sku")),
        (4, json!("price")),
        (5, json!("category")),
        (6, json!("variants.sku")),
        (7, json!(null)),
        (9, json!("sku")),
    ];
    assert_eq!(errors, expected);
    app.get("/products/good-too").await.assert_success(200);
    app.get("/products/stolen")
        .await
        .assert_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn what_is_no_file_of_products_is_refused() {
    let app = TestApp::start().await;
    import(&app, "", "")
        .await
        .assert_error(400, "VALIDATION_ERROR");
    import(&app, "", "title\nX\n")
        .await
        .assert_error(400, "VALIDATION_ERROR");
    import(&app, "", "sku,colour\nX,red\n")
        .await
        .assert_error(400, "VALIDATION_ERROR");
    import(&app, "?dryRun=maybe", "sku\n")
        .await
        .assert_error(400, "VALIDATION_ERROR");
    let json = app
        .as_merchant(Method::POST, "/products/import")
        .json(&json!({}))
        .reply()
        .await;
    json.assert_error(415, "UNSUPPORTED_MEDIA_TYPE");
    let customer = app
        .request(Method::POST, "/api/v1/products/import")
        .bearer_auth(app.token("customer"))
        .header("content-type", "text/csv")
        .body(FILE)
        .reply()
        .await;
    customer.assert_error(403, "AUTHORIZATION_ERROR");
}

#[tokio::test]
async fn what_is_exported_can_be_imported_and_is_the_same() {
    let app = TestApp::start().await;
    with_category(&app).await;
    import(&app, "", FILE).await.assert_success(200);
    let many: String = (0..1_200)
        .map(|n| format!("N{n},Number {n},{n}.5\n"))
        .collect();
    let made = import(&app, "", format!("sku,title,price\n{many}")).await;
    assert_eq!(tally(&made), [1200, 1200, 0, 0, 0].map(Value::from));
    let exported = app
        .as_merchant(Method::GET, "/products/export")
        .send()
        .await
        .unwrap();
    assert_eq!(
        exported.headers()["content-type"],
        "text/csv; charset=utf-8"
    );
    let file = exported.text().await.unwrap();
    assert_eq!(file.lines().count(), 1 + 3 + 1_200);
    let again = import(&app, "", file).await;
    assert_eq!(tally(&again), [1203, 0, 0, 1202, 0].map(Value::from));
    let customer = app
        .request(Method::GET, "/api/v1/products/export")
        .bearer_auth(app.token("customer"))
        .reply()
        .await;
    customer.assert_error(403, "AUTHORIZATION_ERROR");
}
