//! Lists of products: filters, orders, places.

use reqwest::Method;
use serde_json::json;
use test_support::service::Ask as _;

use crate::app::{TestApp, titles};

async fn shelf(app: &TestApp) {
    for (number, title) in (1..).zip(["Ankara", "Bronze", "Calabash", "Dress", "Fan"]) {
        app.world.clock.advance(chrono::TimeDelta::seconds(1));
        app.product(
            json!({ "sku": format!("P{number}"), "title": title, "price": number * 100,
            "tags": if number % 2 == 0 { vec!["even", "all"] } else { vec!["odd", "all"] },
            "isFeatured": number == 3 }),
        )
        .await;
    }
}

#[tokio::test]
async fn lists_are_ordered_and_filtered_as_asked() {
    let app = TestApp::start().await;
    shelf(&app).await;
    let cases = [
        ("", vec!["Fan", "Dress", "Calabash", "Bronze", "Ankara"]),
        (
            "?sortBy=price&sortOrder=asc",
            vec!["Ankara", "Bronze", "Calabash", "Dress", "Fan"],
        ),
        (
            "?sortBy=title&sortOrder=desc",
            vec!["Fan", "Dress", "Calabash", "Bronze", "Ankara"],
        ),
        ("?minPrice=200&maxPrice=300", vec!["Calabash", "Bronze"]),
        ("?tags=even", vec!["Dress", "Bronze"]),
        ("?tags=even,odd", vec![]),
        ("?isFeatured=true", vec!["Calabash"]),
        ("?inStock=true", vec![]),
        (
            "?inStock=&tags=&minPrice=",
            vec!["Fan", "Dress", "Calabash", "Bronze", "Ankara"],
        ),
        ("?limit=2&page=2", vec!["Calabash", "Bronze"]),
    ];
    for (query, expected) in cases {
        assert_eq!(
            titles(&app.get(&format!("/products{query}")).await),
            expected,
            "{query}"
        );
    }
}

#[tokio::test]
async fn nonsense_is_refused() {
    let app = TestApp::start().await;
    for (query, field) in [
        ("minPrice=-1", "minPrice"),
        ("maxPrice=NaN", "maxPrice"),
        ("inStock=maybe", "inStock"),
        ("sortBy=stock", "sortBy"),
        ("sortOrder=up", "sortOrder"),
        ("page=0", "page"),
        ("limit=101", "limit"),
        ("cursor=xyz", "cursor"),
    ] {
        let reply = app.get(&format!("/products?{query}")).await;
        reply.assert_error(400, "VALIDATION_ERROR");
        assert_eq!(reply.field(), field);
    }
}

#[tokio::test]
async fn a_cursor_goes_through_everything_once_whatever_is_added_meanwhile() {
    let app = TestApp::start().await;
    shelf(&app).await;
    let mut added = 0;
    for sort in ["created_at", "price", "title"] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/products?sortBy={sort}&sortOrder=desc&limit=2&cursor={cursor}");
            let page = app.get(&path).await;
            seen.extend(titles(&page));
            added += 1;
            let new = json!({ "sku": format!("NEW-{added}"), "title": "Zebra", "price": 9_999 });
            app.product(new).await;
            match page.data()["nextCursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        seen.retain(|title| title != "Zebra");
        let mut once = seen.clone();
        once.dedup();
        assert_eq!((seen.len(), once), (5, seen), "{sort}");
    }
}

#[tokio::test]
async fn facets_count_what_is_listed() {
    let app = TestApp::start().await;
    shelf(&app).await;
    let reply = app.get("/products?facets=true&tags=even").await;
    let facets = &reply.assert_success(200)["facets"];
    assert_eq!(facets["tags"][0], json!({ "tag": "all", "count": 2 }));
    assert_eq!(
        facets["availability"],
        json!({ "inStock": 0, "outOfStock": 2 })
    );
    assert_eq!(facets["prices"][0]["count"], 2);
    assert!(app.get("/products").await.data()["facets"].is_null());
}

#[tokio::test]
async fn related_products_share_a_category_or_a_tag() {
    let app = TestApp::start().await;
    shelf(&app).await;
    let reply = app.get("/products/bronze/related").await;
    let related = titles(&reply);
    assert!(!related.contains(&"Bronze".to_owned()));
    assert!(related.contains(&"Dress".to_owned()));
    app.request(Method::GET, "/api/v1/products/none/related")
        .reply()
        .await
        .assert_error(404, "NOT_FOUND");
}
