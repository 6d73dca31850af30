//! What a hundred thousand products cost: every filter has an index, and no page is more than a few statements.

use serde_json::json;
use test_support::plans;

use crate::app::TestApp;

/// Makes products past the service.
const PRODUCTS: &str = "
    INSERT INTO catalog.products (id, sku, slug, title, short_description, description, price, currency, tags,
        category_id, is_featured, available, variant_skus, created_at, updated_at)
    SELECT gen_random_uuid(), 'SKU-' || n, 'product-' || n, 'Lace number ' || n, 'short', 'A cotton thing', n % 5000 + 1,
        'NGN', ARRAY['tag-' || n % 500], (SELECT id FROM catalog.categories ORDER BY slug OFFSET n % 20 LIMIT 1), n % 1000 = 0,
        CASE WHEN n % 50 = 0 THEN 0 ELSE 9 END, 'SKU-' || n, now() - n * interval '1 minute', now()
    FROM generate_series(1, 100000) n";
const CATEGORIES: &str = "
    INSERT INTO catalog.categories (id, slug, name, created_at, updated_at)
    SELECT gen_random_uuid(), 'category-' || n, 'Category ' || n, now(), now() FROM generate_series(1, 20) n";

/// PostgreSQL settles on a plan with the sixth use of a statement.
const TIMES: usize = 8;

#[tokio::test]
async fn every_list_and_search_of_many_products_is_answered_from_an_index() {
    let app = TestApp::start().await;
    app.execute(CATEGORIES).await;
    app.execute(PRODUCTS).await;
    // With what its indexes on words and tags put off, as is done before long wherever rows are added.
    for table in ["products", "categories", "variants", "images"] {
        app.execute(&format!("VACUUM ANALYZE catalog.{table}"))
            .await;
    }
    let scans = async || plans::scans(&app.world.db, "catalog", &["products"]).await;
    let before = scans().await;
    // What most products pass is left out: there, reading the table until there are enough is the quickest.
    let questions = [
        "?category=category-7",
        "?category=category-7&sortBy=price",
        "?tags=tag-7",
        "?minPrice=100&maxPrice=120",
        "?isFeatured=true",
        "?inStock=false&tags=tag-50",
        "?facets=true&tags=tag-9",
        "/search?q=SKU-4711",
        "/search?q=nmber+4711",
        "/search?q=zzzzzz",
        "/product-4711",
        "/product-4711/related",
    ];
    for question in questions {
        // Different each time, so that none is answered from what is ready; and often enough for one plan to be kept.
        for time in 1..=TIMES {
            let sign = if question.contains('?') { '&' } else { '?' };
            let path = format!("/products{question}{sign}limit={time}");
            app.get(&path).await.assert_success(200);
        }
    }
    assert_eq!(scans().await, before, "a question reads the whole table");
    // It is also known that this would be noticed.
    app.execute("SELECT count(*) FROM catalog.products WHERE description = 'nothing'")
        .await;
    assert_ne!(scans().await, before);
}

#[tokio::test]
async fn a_page_is_a_constant_number_of_statements() {
    let app = TestApp::start().await;
    let statements = async |path: &str| {
        let before = app.statements().await;
        app.get(path).await.assert_success(200);
        app.statements().await - before
    };
    let paths = [
        "/products?sortBy=title",
        "/products/search?q=lace",
        "/products/lace-0/related",
    ];
    let make = async |range: std::ops::Range<usize>| {
        for n in range {
            let variants: Vec<_> = (0..n % 4 + 1)
                .map(|v| json!({ "sku": format!("S{n}-{v}") }))
                .collect();
            app.product(json!({
                "sku": format!("S{n}"), "title": format!("Lace {n}"), "price": 1, "tags": ["lace"], "variants": variants,
                "images": [{ "url": "https://res.cloudinary.com/shop/lace.jpg" }],
            }))
            .await;
        }
    };
    make(0..3).await;
    let mut few = Vec::new();
    for path in paths {
        few.push(statements(path).await);
    }
    make(3..20).await;
    let mut many = Vec::new();
    for path in paths {
        many.push(statements(path).await);
    }
    assert_eq!(few, many);
    assert!(
        many.iter().all(|count| (1..=10).contains(count)),
        "{many:?}"
    );
}
