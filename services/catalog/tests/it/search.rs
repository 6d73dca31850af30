//! Finding products by words.

use serde_json::json;

use crate::app::{TestApp, titles};

async fn shelf(app: &TestApp) {
    for (sku, title, description) in [
        ("LACE-1", "Royal lace", "Five yards of corded lace."),
        ("LACE-2", "Swiss voile", "Cotton, goes with lace."),
        ("POT-1", "Clay pot", "For stews."),
    ] {
        app.product(
            json!({ "sku": sku, "title": title, "price": 1, "description": description,
            "tags": ["handmade"] }),
        )
        .await;
    }
}

#[tokio::test]
async fn words_are_found_whole_begun_and_misspelt() {
    let app = TestApp::start().await;
    shelf(&app).await;
    for (words, first) in [
        ("royal lace", "Royal lace"),
        ("roy", "Royal lace"),
        ("lase", "Royal lace"),
        ("royl", "Royal lace"),
        ("ROYAL", "Royal lace"),
        ("pot-1", "Clay pot"),
        ("clay handmade", "Clay pot"),
    ] {
        let found = titles(&app.get(&format!("/products/search?q={words}")).await);
        assert_eq!(found.first().map(String::as_str), Some(first), "{words}");
    }
    let found = titles(&app.get("/products/search?q=lace").await);
    assert_eq!(
        found,
        ["Royal lace", "Swiss voile"],
        "a title counts more than a description"
    );
    let same = titles(&app.get("/products?search=lace").await);
    assert_eq!(same, found);
    assert!(titles(&app.get("/products/search?q=zzzzqqq").await).is_empty());
}

#[tokio::test]
async fn no_text_is_an_error_unless_it_is_endless() {
    let app = TestApp::start().await;
    shelf(&app).await;
    for text in [
        "",
        "%20",
        "!!!",
        "'",
        "%27%3A%2A",
        "a%20%26%20b%20%7C",
        "%00",
        "%F0%9F%98%80",
        "%5C",
        "%25_",
        "-lace",
        "%22royal",
    ] {
        let reply = app.get(&format!("/products/search?q={text}")).await;
        assert_eq!(reply.status, 200, "{text}: {}", reply.body);
    }
    let endless = "x".repeat(201);
    let reply = app.get(&format!("/products/search?q={endless}")).await;
    reply.assert_error(400, "VALIDATION_ERROR");
}

#[tokio::test]
async fn what_was_found_is_marked_and_never_markup() {
    let app = TestApp::start().await;
    app.product(json!({ "sku": "X", "title": "Royal <b>lace</b>", "price": 1 }))
        .await;
    let reply = app.get("/products/search?q=royal").await;
    let title = &reply.assert_success(200)["highlights"][0]["title"];
    assert_eq!(title, "<em>Royal</em> &lt;b&gt;lace&lt;/b&gt;");
}
