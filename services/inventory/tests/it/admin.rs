use common::Clock as _;
use common::ids;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::{self, Ask as _};

use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn staff_sets_raises_and_lowers_stock_and_that_is_kept() {
    let app = TestApp::start().await;
    let variant = app.stocked(5).await;
    let path = format!("/{variant}/stock");
    let mut version = 1;
    for (operation, quantity, expected) in
        [("set", 10, 10), ("increment", 5, 15), ("decrement", 3, 12)]
    {
        let body = json!({ "quantity": quantity, "operation": operation, "reason": "counted", "version": version });
        let reply = app
            .staff("merchant", Method::PATCH, &path, Some(&body))
            .await;
        let stock = reply.assert_success(200);
        assert_eq!(stock["onHand"], expected);
        assert_eq!(stock["available"], expected);
        version = stock["version"].as_i64().unwrap();
    }
    let stale = json!({ "quantity": 1, "operation": "set", "version": 1 });
    let reply = app.staff("admin", Method::PATCH, &path, Some(&stale)).await;
    reply.assert_error(409, "VERSION_CONFLICT");
    let url = format!("/api/v1/admin/inventory{path}");
    let token = service::access_token(ids::new_id(), "admin", app.world.clock.now());
    let request = app.request(Method::PATCH, &url).bearer_auth(token);
    let body = json!({ "quantity": 1, "operation": "set" });
    let request = request.header("If-Match", "\"1\"").json(&body);
    let reply = request.reply().await;
    reply.assert_error(409, "VERSION_CONFLICT");
    let reply = app
        .staff(
            "merchant",
            Method::GET,
            &format!("/{variant}/movements"),
            None,
        )
        .await;
    let movements = reply.assert_success(200)["movements"]
        .as_array()
        .unwrap()
        .clone();
    let deltas: Vec<_> = movements
        .iter()
        .map(|row| row["quantity"].as_i64().unwrap())
        .collect();
    assert_eq!(deltas, [-3, 5, 5, 5]);
    assert_eq!(movements[3]["type"], "initial");
    assert_eq!(movements[0]["reason"], "counted");
    let audited = app
        .rows("SELECT action, entity_id FROM inventory.audit_events")
        .await;
    assert_eq!(audited.len(), 3);
    assert_eq!(audited[0]["action"], "stock.adjusted");
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_never_goes_below_what_is_reserved_or_zero() {
    let app = TestApp::start().await;
    let variant = app.stocked(5).await;
    app.reserve(ids::new_id(), ids::new_id(), &[(variant, 3)])
        .await
        .assert_success(201);
    let path = format!("/{variant}/stock");
    for (operation, quantity) in [
        ("set", 2),
        ("decrement", 3),
        ("decrement", 6),
        ("increment", 1_000_000_000),
    ] {
        let body = json!({ "quantity": quantity, "operation": operation });
        let reply = app
            .staff("merchant", Method::PATCH, &path, Some(&body))
            .await;
        reply.assert_error(409, "CONFLICT");
    }
    for body in [
        json!({ "quantity": -1, "operation": "set" }),
        json!({ "quantity": 1, "operation": "double" }),
        json!({ "quantity": 1.5, "operation": "set" }),
        json!({ "operation": "set" }),
        json!({ "quantity": 1, "operation": "set", "reason": "" }),
        json!({ "quantity": 1, "operation": "set", "more": 1 }),
    ] {
        let reply = app
            .staff("merchant", Method::PATCH, &path, Some(&body))
            .await;
        reply.assert_error(400, "VALIDATION_ERROR");
    }
    assert_eq!(app.stock_of(variant).await, (5, 3));
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variant_that_is_not_known_is_looked_up_in_the_catalogue() {
    let app = TestApp::start().await;
    let variant = ids::new_id();
    let path = format!("/{variant}/stock");
    let body = json!({ "quantity": 7, "operation": "increment" });
    let reply = app
        .staff("merchant", Method::PATCH, &path, Some(&body))
        .await;
    reply.assert_error(404, "NOT_FOUND");
    app.world.sell(variant, "LACE-1");
    let reply = app
        .staff("merchant", Method::PATCH, &path, Some(&body))
        .await;
    assert_eq!(reply.assert_success(200)["onHand"], 7);
    let reply = app
        .staff("merchant", Method::GET, &format!("/{variant}"), None)
        .await;
    assert_eq!(reply.assert_success(200)["item"]["sku"], "LACE-1");
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_being_away_is_said_and_nothing_changes() {
    let app = TestApp::start_with(&[("UPSTREAMS__CATALOG__URL", "http://127.0.0.1:1")]).await;
    let body = json!({ "quantity": 7, "operation": "increment" });
    let reply = app
        .staff(
            "merchant",
            Method::PATCH,
            &format!("/{}/stock", ids::new_id()),
            Some(&body),
        )
        .await;
    reply.assert_error(503, "SERVICE_UNAVAILABLE");
    assert!(!reply.header("retry-after").is_empty());
    assert!(
        app.rows("SELECT 1 AS one FROM inventory.stock_items")
            .await
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_searched_by_sku_and_by_what_is_low() {
    let app = TestApp::start().await;
    for (sku, quantity) in [
        ("LACE-2", 50),
        ("lace-1", 3),
        ("ANKARA_1", 0),
        ("ANKARA-1", 50),
    ] {
        app.stock(ids::new_id(), sku, quantity).await;
    }
    let skus = async |query: &str| {
        let reply = app.staff("merchant", Method::GET, query, None).await;
        let items = reply.assert_success(200)["items"]
            .as_array()
            .unwrap()
            .clone();
        let skus = items
            .iter()
            .map(|item| item["sku"].as_str().unwrap().to_owned());
        skus.collect::<Vec<_>>()
    };
    assert_eq!(skus("").await, ["ANKARA-1", "ANKARA_1", "lace-1", "LACE-2"]);
    assert_eq!(skus("?search=Lace").await, ["lace-1", "LACE-2"]);
    assert_eq!(skus("?search=ankara_").await, ["ANKARA_1"]);
    assert_eq!(skus("?search=lace&lowStock=true").await, ["lace-1"]);
    assert_eq!(skus("/low-stock").await, ["ANKARA_1", "lace-1"]);
    assert_eq!(skus("?limit=2&page=2").await, ["lace-1", "LACE-2"]);
    for bad in ["?lowStock=maybe", "?limit=0", "?page=x"] {
        let reply = app.staff("merchant", Method::GET, bad, None).await;
        reply.assert_error(400, "VALIDATION_ERROR");
    }
    let reply = app.staff("admin", Method::GET, "/stats", None).await;
    let stats = &reply.assert_success(200)["stats"];
    assert_eq!(stats["items"], 4);
    assert_eq!(stats["onHand"], 103);
    assert_eq!(stats["lowStock"], 2);
    assert_eq!(stats["outOfStock"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_shown_with_its_reservations_and_its_threshold_changes() {
    let app = TestApp::start().await;
    let (variant, order) = (app.stocked(9).await, ids::new_id());
    app.reserve(order, ids::new_id(), &[(variant, 2)])
        .await
        .assert_success(201);
    let path = format!("/{variant}");
    let reply = app.staff("merchant", Method::GET, &path, None).await;
    let data = reply.assert_success(200);
    assert_eq!(data["item"]["available"], 7);
    assert_eq!(data["item"]["isLow"], false);
    assert_eq!(data["reservations"][0]["orderId"], json!(order));
    assert_eq!(data["reservations"][0]["state"], "active");
    let version = data["item"]["version"].clone();
    let body = json!({ "lowStockThreshold": 7, "version": version });
    let reply = app
        .staff("merchant", Method::PATCH, &path, Some(&body))
        .await;
    assert_eq!(reply.assert_success(200)["item"]["isLow"], true);
    let reply = app
        .staff("merchant", Method::PATCH, &path, Some(&body))
        .await;
    reply.assert_error(409, "VERSION_CONFLICT");
    let body = json!({ "lowStockThreshold": -1 });
    let reply = app
        .staff("merchant", Method::PATCH, &path, Some(&body))
        .await;
    reply.assert_error(400, "VALIDATION_ERROR");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_look_after_stock_see_or_change_it() {
    let app = TestApp::start().await;
    let variant = app.stocked(5).await;
    let body = json!({ "quantity": 1, "operation": "set" });
    let threshold = json!({ "lowStockThreshold": 1 });
    let endpoints: [(Method, String, Option<&Value>); 7] = [
        (Method::GET, String::new(), None),
        (Method::GET, "/low-stock".to_owned(), None),
        (Method::GET, "/stats".to_owned(), None),
        (Method::GET, format!("/{variant}"), None),
        (Method::GET, format!("/{variant}/movements"), None),
        (Method::PATCH, format!("/{variant}"), Some(&threshold)),
        (Method::PATCH, format!("/{variant}/stock"), Some(&body)),
    ];
    for (method, path, body) in endpoints {
        for role in ["customer", "fulfilment", "finance"] {
            let reply = app.staff(role, method.clone(), &path, body).await;
            reply.assert_error(403, "AUTHORIZATION_ERROR");
        }
        let nobody = app.request(method, &format!("/api/v1/admin/inventory{path}"));
        let reply = nobody
            .json(&body.cloned().unwrap_or(Value::Null))
            .reply()
            .await;
        reply.assert_error(401, "AUTHENTICATION_ERROR");
    }
    let path = format!("/{}", ids::new_id());
    app.staff("merchant", Method::GET, &path, None)
        .await
        .assert_error(404, "NOT_FOUND");
    app.staff("merchant", Method::GET, "/x", None)
        .await
        .assert_error(400, "VALIDATION_ERROR");
    assert_eq!(app.stock_of(variant).await, (5, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_changes_with_one_version_one_is_made() {
    let app = TestApp::start().await;
    let variant = app.stocked(5).await;
    let path = format!("/{variant}/stock");
    let body = json!({ "quantity": 1, "operation": "increment", "version": 1 });
    let change = || app.staff("merchant", Method::PATCH, &path, Some(&body));
    let (one, two) = tokio::join!(change(), change());
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(app.stock_of(variant).await, (6, 0));
}
