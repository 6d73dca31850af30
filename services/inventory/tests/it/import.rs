use common::ids;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::{self, Ask as _, Reply};

use crate::app::TestApp;

impl TestApp {
    pub async fn import(&self, role: &str, query: &str, file: impl Into<reqwest::Body>) -> Reply {
        use common::Clock as _;
        let path = format!("/api/v1/admin/inventory/import{query}");
        let token = service::access_token(ids::new_id(), role, self.world.clock.now());
        let request = self.request(Method::POST, &path).bearer_auth(token);
        let request = request.header("content-type", "text/csv; charset=utf-8");
        request.body(file).reply().await
    }
}

/// `changed`, `unchanged` and `failed`.
fn counts(import: &Value) -> (u64, u64, u64) {
    let count = |name: &str| import[name].as_u64().unwrap();
    (count("changed"), count("unchanged"), count("failed"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_counts_is_taken_over_and_may_be_sent_again() {
    let app = TestApp::start().await;
    let (lace, ankara) = (ids::new_id(), ids::new_id());
    app.stock(lace, "LACE-1", 5).await;
    app.stock(ankara, "ANKARA-1", 9).await;
    let file = "\u{feff}sku,onHand,lowStockThreshold,reason\r\nLACE-1,50,2,\"counted, twice\"\r\nANKARA-1,,7,\r\n";
    let reply = app.import("merchant", "?dryRun=true", file).await;
    let import = &reply.assert_success(200)["import"];
    assert_eq!(import["isDryRun"], true);
    assert_eq!(counts(import), (2, 0, 0));
    assert_eq!(app.stock_of(lace).await, (5, 0));
    for expected in [(2, 0, 0), (0, 2, 0)] {
        let reply = app.import("merchant", "", file).await;
        assert_eq!(counts(&reply.assert_success(200)["import"]), expected);
        assert_eq!(app.stock_of(lace).await, (50, 0));
        assert_eq!(app.stock_of(ankara).await, (9, 0));
    }
    let thresholds = app
        .rows("SELECT low_stock_threshold AS low FROM inventory.stock_items ORDER BY sku")
        .await;
    assert_eq!(thresholds, [json!({ "low": 7 }), json!({ "low": 2 })]);
    let reasons = app
        .rows("SELECT reason, delta FROM inventory.movements WHERE kind = 'adjustment'")
        .await;
    assert_eq!(
        reasons,
        [json!({ "reason": "counted, twice", "delta": 45 })]
    );
    let audited = app.rows("SELECT action FROM inventory.audit_events").await;
    assert_eq!(audited, [json!({ "action": "stock.imported" })]);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_wrong_are_left_out_and_listed() {
    let app = TestApp::start().await;
    let (good, held) = (app.stocked(5).await, app.stocked(5).await);
    app.reserve(ids::new_id(), ids::new_id(), &[(held, 3)])
        .await
        .assert_success(201);
    let unknown = ids::new_id();
    let long = "x".repeat(200_000);
    let file = format!(
        "variantId,onHand,reason\n{held},2,\n{unknown},1,\nx,1,\n{good},-1,\n{good},1\n{good},1,{long}\n\
         {good},8,\n{good},9,\n"
    );
    let reply = app.import("admin", "", file).await;
    let import = &reply.assert_success(200)["import"];
    assert_eq!(counts(import), (1, 0, 7));
    assert_eq!(import["rows"], 8);
    let errors = import["errors"].as_array().unwrap();
    let mut wrong: Vec<_> = errors
        .iter()
        .map(|error| (error["row"].as_u64().unwrap(), error["field"].as_str()))
        .collect();
    wrong.sort_unstable();
    let expected = [
        (2, Some("onHand")),
        (3, Some("variantId")),
        (4, Some("variantId")),
        (5, Some("onHand")),
        (6, None),
        (7, None),
        (9, Some("variantId")),
    ];
    assert_eq!(wrong, expected);
    assert_eq!(app.stock_of(good).await, (8, 0));
    assert_eq!(app.stock_of(held).await, (5, 3));
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_longer_than_a_batch_comes_in_pieces() {
    let app = TestApp::start().await;
    app.execute(
        "WITH added AS (
             INSERT INTO inventory.stock_items (variant_id, product_id, sku, low_stock_threshold)
             SELECT gen_random_uuid(), gen_random_uuid(), 'MANY-' || n, 5 FROM generate_series(1, 1200) n
             RETURNING variant_id
         ) INSERT INTO inventory.movements (variant_id, kind, delta) SELECT variant_id, 'initial', 0 FROM added",
    )
    .await;
    let mut file = "sku,onHand\n".to_owned();
    for number in 1..=1_200 {
        file.push_str(&format!("MANY-{number},{number}\n"));
    }
    // Cut anywhere, also within a field, and of a length that nobody announces.
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> = file
        .as_bytes()
        .chunks(777)
        .map(|piece| Ok(piece.to_vec()))
        .collect();
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let reply = app.import("merchant", "", body).await;
    let import = &reply.assert_success(200)["import"];
    assert_eq!(counts(import), (1_200, 0, 0), "{import}");
    let sum = app
        .rows("SELECT sum(on_hand)::bigint AS units FROM inventory.stock_items")
        .await;
    assert_eq!(sum, [json!({ "units": 1_200 * 1_201 / 2 })]);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_such_file_is_refused_and_nothing_changes() {
    let app = TestApp::start().await;
    let variant = app.stocked(5).await;
    for (file, field) in [
        ("", "body"),
        ("\n", "body"),
        ("sku\nLACE-1\n", "header"),
        ("sku,onHand,price\nLACE-1,1,1\n", "header"),
    ] {
        let reply = app.import("merchant", "", file).await;
        reply.assert_error(400, "VALIDATION_ERROR");
        assert_eq!(reply.body["details"][0]["field"], field);
    }
    let file = format!("variantId,onHand\n{variant},1\n");
    let reply = app
        .import("merchant", "?dryRun=perhaps", file.clone())
        .await;
    reply.assert_error(400, "VALIDATION_ERROR");
    for role in ["customer", "fulfilment", "finance"] {
        let reply = app.import(role, "", file.clone()).await;
        reply.assert_error(403, "AUTHORIZATION_ERROR");
    }
    let nobody = app.request(Method::POST, "/api/v1/admin/inventory/import");
    let nobody = nobody.header("content-type", "text/csv").body(file.clone());
    nobody
        .reply()
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    let as_json = app
        .staff("merchant", Method::POST, "/import", Some(&json!({})))
        .await;
    as_json.assert_error(415, "UNSUPPORTED_MEDIA_TYPE");
    let mut huge = file.into_bytes();
    huge.resize(65 * 1024 * 1024, b'\n');
    let reply = app.import("merchant", "", huge).await;
    reply.assert_error(413, "PAYLOAD_TOO_LARGE");
    assert_eq!(app.stock_of(variant).await, (5, 0));
}
