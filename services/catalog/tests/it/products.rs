//! Making, changing and deleting products and their variants.

use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::Ask as _;

use crate::app::{TestApp, id};

#[tokio::test]
async fn a_product_is_made_with_its_variants_and_told_of() {
    let app = TestApp::start().await;
    let product = app
        .product(json!({
            "sku": "LACE", "title": "Royal lace", "price": "48500.50", "tags": ["Lace", "wedding", "lace"],
            "dimensions": { "length": 100, "width": 200, "height": 30 }, "weight": 1200,
            "variants": [
                { "sku": "LACE-GOLD", "name": "Gold", "initialStock": 60, "options": { "colour": "Gold" } },
                { "sku": "LACE-WINE", "name": "Wine", "priceDelta": -500.5 },
            ],
            "images": [{ "url": "https://res.cloudinary.com/shop/lace.jpg", "alt": "Lace", "type": "thumbnail" }]
        }))
        .await;
    assert_eq!(product["slug"], "royal-lace");
    assert_eq!(product["price"], json!(48500.50));
    assert_eq!(product["tags"], json!(["lace", "wedding"]));
    assert_eq!(product["variants"][1]["price"], json!(48000.00));
    assert_eq!(
        product["thumbnail"],
        "https://res.cloudinary.com/shop/lace.jpg"
    );
    assert_eq!(product["version"], 1);
    let told = app.promised("variant.created").await;
    assert_eq!(told.len(), 2);
    assert_eq!(told[0]["data"]["initialStock"], 60);
    assert_eq!(app.promised("product.created").await.len(), 1);
    let audited = app.rows("SELECT action FROM catalog.audit_events").await;
    assert_eq!(audited[0]["action"], "product.created");
    let seen = app.get("/products/royal-lace").await;
    assert_eq!(seen.assert_success(200)["product"], product);
    let by_id = app
        .get(&format!("/products/{}", product["id"].as_str().unwrap()))
        .await;
    assert_eq!(by_id.data()["product"], product);
}

#[tokio::test]
async fn a_product_without_variants_gets_one_of_its_own() {
    let app = TestApp::start().await;
    let product = app.plain_product("CAP", "Fila cap", json!(4800)).await;
    assert_eq!(product["variants"].as_array().unwrap().len(), 1);
    assert_eq!(product["variants"][0]["sku"], "CAP");
    assert_eq!(product["currency"], "NGN");
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_and_nothing_is_changed() {
    let app = TestApp::start().await;
    app.plain_product("TAKEN", "Taken", json!(1)).await;
    let with = |field: &str, value: Value| {
        let mut body = json!({ "sku": "NEW", "title": "New", "price": 10 });
        body[field] = value;
        body
    };
    let cases = [
        (with("price", json!(-1)), 400, "price"),
        (with("price", json!(1.005)), 400, "price"),
        (with("price", json!("1e12")), 400, "price"),
        (with("price", json!(100000000.01)), 400, "price"),
        (with("currency", json!("EUR")), 400, "currency"),
        (with("slug", json!("No Slug")), 400, "slug"),
        (with("weight", json!(-1)), 400, "weight"),
        (
            with(
                "dimensions",
                json!({ "length": 0, "width": 1, "height": 1 }),
            ),
            400,
            "dimensions.length",
        ),
        (
            with("categoryId", json!("0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
            400,
            "categoryId",
        ),
        (with("metadata", json!([])), 400, "metadata"),
        (
            with("images", json!([{ "url": "https://evil.example/x.jpg" }])),
            400,
            "images.0.url",
        ),
        (
            with("images", json!([{ "url": "javascript:alert(1)" }])),
            400,
            "images.0.url",
        ),
        (
            with("variants", json!([{ "sku": "V", "priceDelta": -11 }])),
            400,
            "variants.0.priceDelta",
        ),
        (
            with("variants", json!([{ "sku": "V", "initialStock": -1 }])),
            400,
            "variants.0.initialStock",
        ),
        (with("stock", json!(1)), 400, "stock"),
        (with("title", json!("")), 400, "title"),
        (with("sku", json!("TAKEN")), 409, "sku"),
        (with("slug", json!("taken")), 409, "slug"),
        (
            with("variants", json!([{ "sku": "TAKEN" }])),
            409,
            "variants.sku",
        ),
    ];
    for (body, status, field) in cases {
        let reply = app
            .as_merchant(Method::POST, "/products")
            .json(&body)
            .reply()
            .await;
        let code = if status == 400 {
            "VALIDATION_ERROR"
        } else {
            "CONFLICT"
        };
        reply.assert_error(status, code);
        assert_eq!(reply.field(), field, "{body}");
    }
    assert_eq!(app.rows("SELECT id FROM catalog.products").await.len(), 1);
    assert_eq!(app.promised("product.created").await.len(), 1);
}

#[tokio::test]
async fn only_those_who_may_edit_the_catalogue_do() {
    let app = TestApp::start().await;
    let body = json!({ "sku": "A", "title": "A", "price": 1 });
    let post = || app.request(Method::POST, "/api/v1/products").json(&body);
    post()
        .reply()
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    for role in ["customer", "finance", "fulfilment"] {
        let reply = post().bearer_auth(app.token(role)).reply().await;
        reply.assert_error(403, "AUTHORIZATION_ERROR");
    }
    assert_eq!(
        post().bearer_auth(app.token("admin")).reply().await.status,
        201
    );
}

#[tokio::test]
async fn the_same_title_twice_makes_two_slugs() {
    let app = TestApp::start().await;
    let one = app.plain_product("A", "Royal lace", json!(1)).await;
    let other = app.plain_product("B", "Royal lace", json!(1)).await;
    assert_eq!(one["slug"], "royal-lace");
    assert!(other["slug"].as_str().unwrap().starts_with("royal-lace-"));
}

#[tokio::test]
async fn a_key_makes_one_product_however_often_it_is_sent() {
    let app = TestApp::start().await;
    let token = app.token("merchant");
    let send = |title: &str| {
        app.request(Method::POST, "/api/v1/products")
            .bearer_auth(&token)
            .header("Idempotency-Key", "k1")
            .json(&json!({ "sku": "A", "title": title, "price": 1 }))
    };
    let first = send("One").reply().await;
    let second = send("One").reply().await;
    assert_eq!((first.status, &first.bytes), (201, &second.bytes));
    assert_eq!(second.header("idempotent-replayed"), "true");
    send("Two")
        .reply()
        .await
        .assert_error(422, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(app.rows("SELECT id FROM catalog.products").await.len(), 1);
}

#[tokio::test]
async fn a_change_of_price_is_told_for_each_variant() {
    let app = TestApp::start().await;
    let product = app
        .product(json!({ "sku": "A", "title": "A", "price": 100,
            "variants": [{ "sku": "A1" }, { "sku": "A2", "priceDelta": 5 }] }))
        .await;
    let changed = app
        .change(&product["id"], json!({ "price": 120, "version": 1 }))
        .await;
    let changed = &changed.assert_success(200)["product"];
    assert_eq!(changed["version"], 2);
    assert_eq!(changed["variants"][1]["price"], json!(125.00));
    let told = app.promised("variant.updated").await;
    let prices: Vec<&Value> = told.iter().map(|event| &event["data"]["price"]).collect();
    assert_eq!(prices, [&json!(120.00), &json!(125.00)]);
    app.change(&product["id"], json!({ "title": "B" }))
        .await
        .assert_success(200);
    assert_eq!(
        app.promised("variant.updated").await.len(),
        2,
        "only prices concern them"
    );
    assert_eq!(app.promised("product.updated").await.len(), 2);
}

#[tokio::test]
async fn a_change_to_what_was_changed_meanwhile_is_refused() {
    let app = TestApp::start().await;
    let product = app.plain_product("A", "A", json!(100)).await;
    app.change(&product["id"], json!({ "price": 1, "version": 1 }))
        .await
        .assert_success(200);
    let late = app
        .change(&product["id"], json!({ "price": 2, "version": 1 }))
        .await;
    late.assert_error(409, "VERSION_CONFLICT");
    let path = format!("/products/{}", product["id"].as_str().unwrap());
    let with_tag = |tag: &str| {
        let request = app
            .as_merchant(Method::PATCH, &path)
            .header("If-Match", tag);
        request.json(&json!({ "title": "B" }))
    };
    with_tag("\"1\"")
        .reply()
        .await
        .assert_error(409, "VERSION_CONFLICT");
    with_tag("\"2\"").reply().await.assert_success(200);
    with_tag("nonsense")
        .reply()
        .await
        .assert_error(400, "VALIDATION_ERROR");
    let (one, other) = tokio::join!(
        app.change(&product["id"], json!({ "price": 5, "version": 3 })),
        app.change(&product["id"], json!({ "price": 6, "version": 3 })),
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test]
async fn a_price_that_makes_a_variant_cost_less_than_nothing_is_refused() {
    let app = TestApp::start().await;
    let product = app
        .product(json!({ "sku": "A", "title": "A", "price": 100,
            "variants": [{ "sku": "A1", "priceDelta": -90 }] }))
        .await;
    let reply = app.change(&product["id"], json!({ "price": 50 })).await;
    reply.assert_error(400, "VALIDATION_ERROR");
    let seen = app.get("/products/a").await;
    assert_eq!(seen.data()["product"]["price"], json!(100.00));
}

#[tokio::test]
async fn what_is_deleted_is_gone_and_its_names_are_free() {
    let app = TestApp::start().await;
    let product = app.plain_product("A", "Lace", json!(100)).await;
    let path = format!("/products/{}", product["id"].as_str().unwrap());
    app.as_merchant(Method::DELETE, &path)
        .reply()
        .await
        .assert_success(200);
    app.get("/products/lace")
        .await
        .assert_error(404, "NOT_FOUND");
    app.as_merchant(Method::DELETE, &path)
        .reply()
        .await
        .assert_error(404, "NOT_FOUND");
    assert_eq!(app.promised("product.deleted").await.len(), 1);
    assert_eq!(app.promised("variant.deleted").await.len(), 1);
    let again = app.plain_product("A", "Lace", json!(100)).await;
    assert_eq!(again["slug"], "lace");
}

#[tokio::test]
async fn shoppers_do_not_see_what_is_not_active() {
    let app = TestApp::start().await;
    app.product(json!({ "sku": "A", "title": "Hidden", "price": 1, "isActive": false }))
        .await;
    app.get("/products/hidden")
        .await
        .assert_error(404, "NOT_FOUND");
    let staff = app
        .as_merchant(Method::GET, "/products/hidden")
        .reply()
        .await;
    assert_eq!(staff.assert_success(200)["product"]["isActive"], false);
    assert!(staff.header("cache-control").contains("no-store"));
    assert_eq!(app.get("/products").await.data()["pagination"]["total"], 0);
}

#[tokio::test]
async fn a_known_answer_is_not_sent_again() {
    let app = TestApp::start().await;
    let product = app.plain_product("A", "Lace", json!(100)).await;
    let first = app.get("/products/lace").await;
    let tag = first.header("etag").to_owned();
    let ask = || {
        let request = app.request(Method::GET, "/api/v1/products/lace");
        request.header("If-None-Match", &tag)
    };
    assert_eq!(ask().reply().await.status, 304);
    app.change(&product["id"], json!({ "price": 1 }))
        .await
        .assert_success(200);
    assert_eq!(ask().reply().await.status, 200);
}

#[tokio::test]
async fn variants_come_and_go_but_one_stays() {
    let app = TestApp::start().await;
    let product = app.plain_product("A", "A", json!(100)).await;
    let path = format!("/products/{}/variants", product["id"].as_str().unwrap());
    let body = json!({ "sku": "A-2", "priceDelta": 5, "initialStock": 3 });
    let added = app
        .as_merchant(Method::POST, &path)
        .json(&body)
        .reply()
        .await;
    let variants = added.assert_success(201)["product"]["variants"].clone();
    assert_eq!(variants[1]["price"], json!(105.00));
    app.as_merchant(Method::POST, &path)
        .json(&body)
        .reply()
        .await
        .assert_error(409, "CONFLICT");
    let second = format!("{path}/{}", id(&variants[1]["id"]));
    let change = json!({ "priceDelta": -101 });
    let refused = app
        .as_merchant(Method::PATCH, &second)
        .json(&change)
        .reply()
        .await;
    refused.assert_error(400, "VALIDATION_ERROR");
    let change = json!({ "priceDelta": 1, "name": "Two" });
    let changed = app
        .as_merchant(Method::PATCH, &second)
        .json(&change)
        .reply()
        .await;
    assert_eq!(
        changed.assert_success(200)["product"]["variants"][1]["price"],
        json!(101.00)
    );
    app.as_merchant(Method::DELETE, &second)
        .reply()
        .await
        .assert_success(200);
    let first = format!("{path}/{}", id(&variants[0]["id"]));
    app.as_merchant(Method::DELETE, &first)
        .reply()
        .await
        .assert_error(409, "INVALID_STATE");
    assert_eq!(app.promised("variant.deleted").await.len(), 1);
}
