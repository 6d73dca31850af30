//! With a hundred thousand items, no question that comes often reads a table from end to end.
//!
//! PostgreSQL counts how often it reads a table so. The statements that count are those of the service, with the plans that it
//! keeps, so each is asked often enough for one to be kept.

use std::sync::Arc;

use common::ids;
use events::auth::EraseRequested;
use events::orders::{OrderCancelled, OrderedLine, RestockRequested};
use inventory::consumers::on_order_cancelled::on_order_cancelled;
use inventory::consumers::on_order_restock_requested::on_order_restock_requested;
use inventory::consumers::on_privacy_erase_requested::on_privacy_erase_requested;
use reqwest::Method;
use serde_json::json;
use test_support::plans;
use test_support::service::{self, Ask as _};
use uuid::Uuid;

use crate::app::TestApp;

/// PostgreSQL settles on a plan with the sixth use of a statement.
const TIMES: usize = 8;

const TABLES: [&str; 4] = [
    "stock_items",
    "reservations",
    "reservation_lines",
    "movements",
];

async fn fill(app: &TestApp) {
    for sql in [
        "INSERT INTO inventory.stock_items (variant_id, product_id, sku, on_hand, low_stock_threshold, said_version)
         SELECT md5('v' || n)::uuid, md5('p' || n / 3)::uuid, 'SKU-' || n, CASE WHEN n % 50 = 0 THEN 3 ELSE 100000 END, 5, 1
         FROM generate_series(1, 100000) n",
        "INSERT INTO inventory.movements (variant_id, kind, delta)
         SELECT variant_id, 'initial', on_hand FROM inventory.stock_items",
        "INSERT INTO inventory.reservations (order_id, user_id, address_hash, state, held_at, expires_at, closed_at)
         SELECT md5('o' || n)::uuid, md5('u' || n / 5)::uuid, md5('a' || n / 5),
                CASE n % 4 WHEN 0 THEN 'active' WHEN 1 THEN 'committed' WHEN 2 THEN 'released' ELSE 'expired' END,
                now(), now() + interval '1 day', CASE WHEN n % 4 > 0 THEN now() END
         FROM generate_series(1, 100000) n",
        "INSERT INTO inventory.reservation_lines (order_id, variant_id, quantity)
         SELECT md5('o' || n)::uuid, md5('v' || n)::uuid, 1 FROM generate_series(1, 100000) n",
        "UPDATE inventory.stock_items s SET reserved = 1 FROM inventory.reservations r JOIN inventory.reservation_lines l
         USING (order_id) WHERE r.state = 'active' AND l.variant_id = s.variant_id",
        "INSERT INTO inventory.movements (variant_id, kind, delta, order_id)
         SELECT l.variant_id, 'commit', -1, order_id FROM inventory.reservation_lines l
         JOIN inventory.reservations USING (order_id) WHERE state = 'committed'",
    ] {
        app.execute(sql).await;
    }
    for table in TABLES {
        app.execute(&format!("ANALYZE inventory.{table}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_asked_often_reads_a_table_from_end_to_end() {
    let app = TestApp::start_with(&[("LIMITS__ORDERS_PER_ADDRESS", "5")]).await;
    fill(&app).await;
    let scans = async || plans::scans(&app.world.db, "inventory", &TABLES).await;
    let before = scans().await;
    orders(&app).await;
    staff(&app).await;
    heard(&app).await;
    // A new process looks at once for what has had its time.
    let _beside = TestApp::start_in(Arc::clone(&app.world), &[]).await;
    assert_eq!(scans().await, before);
    // The one question that does, which staff asks seldom; so it is also known that this test would notice.
    let stats = app.staff("admin", Method::GET, "/stats", None).await;
    stats.assert_success(200);
    let after = scans().await;
    assert!(after["stock_items"] > before["stock_items"]);
}

async fn variants(app: &TestApp, many: usize) -> Vec<Uuid> {
    let sql = format!(
        "SELECT md5('v' || n)::uuid AS id FROM generate_series(1001, {}) n",
        1000 + many
    );
    let rows = app.rows(&sql).await;
    let ids = rows.iter().map(|row| row["id"].as_str().unwrap());
    ids.map(|id| id.parse().unwrap()).collect()
}

async fn orders(app: &TestApp) {
    let variants = variants(app, 100).await;
    let lines = |many: usize| -> Vec<(Uuid, i64)> {
        let lines = variants.iter().take(many);
        lines.map(|variant| (*variant, 1)).collect()
    };
    for turn in 0..TIMES {
        for many in [1, 3, 40] {
            let (order, user) = (ids::new_id(), ids::new_id());
            let mut body = crate::orders::wanted(order, user, &lines(many), 900);
            body["buyer"]["addressHash"] = json!(format!("somewhere {order}"));
            for status in [201, 200] {
                let path = "reservations";
                let reply = app.internal(Method::POST, path, Some(&body)).await;
                reply.assert_success(status);
            }
            app.command(order, "extend").await.assert_success(200);
            if turn.is_multiple_of(2) {
                app.let_pass(order).await;
                app.until_state(order, "expired").await;
            }
            let last = if many == 3 { "release" } else { "commit" };
            app.command(order, last).await.assert_success(200);
        }
    }
}

async fn staff(app: &TestApp) {
    let variants = variants(app, 500).await;
    for (turn, one) in variants.iter().take(TIMES).enumerate() {
        for path in [
            String::new(),
            "?page=4000&limit=25".to_owned(),
            "?search=sku-99".to_owned(),
            "?search=SKU-12345".to_owned(),
            "?lowStock=true".to_owned(),
            "?lowStock=true&search=sku-5".to_owned(),
            "/low-stock".to_owned(),
            format!("/{one}"),
            format!("/{one}/movements"),
        ] {
            let reply = app.staff("merchant", Method::GET, &path, None).await;
            reply.assert_success(200);
        }
        counted_so_far(app).await;
        let count = json!({ "quantity": 1, "operation": "increment" });
        let path = format!("/{one}/stock");
        let reply = app.staff("admin", Method::PATCH, &path, Some(&count)).await;
        reply.assert_success(200);
        for file in files(&variants, turn) {
            let reply = app.import("merchant", "", file).await;
            assert_eq!(reply.assert_success(200)["import"]["changed"], 500);
        }
    }
}

/// A long list is not counted to its end, and goes on beyond what is counted.
async fn counted_so_far(app: &TestApp) {
    let path = "?page=1000&limit=100";
    let reply = app.staff("merchant", Method::GET, path, None).await;
    let data = reply.assert_success(200);
    let pagination = json!({
        "page": 1000, "limit": 100, "total": 10_000, "totalPages": 100, "totalIsEstimate": true,
    });
    assert_eq!(data["pagination"], pagination);
    assert_eq!(data["items"].as_array().unwrap().len(), 100);
}

/// Two whole batches, by variant and by SKU, in which every number is another than the time before.
fn files(variants: &[Uuid], turn: usize) -> [String; 2] {
    let mut by_variant = "variantId,onHand,lowStockThreshold\n".to_owned();
    for variant in variants {
        by_variant.push_str(&format!("{variant},{},{}\n", 90_000 + turn, 7 + turn));
    }
    let mut by_sku = "sku,onHand\n".to_owned();
    for number in 2_000..2_500 {
        by_sku.push_str(&format!("SKU-{number},{}\n", 80_000 + turn));
    }
    [by_variant, by_sku]
}

async fn heard(app: &TestApp) {
    let variants = variants(app, TIMES).await;
    for variant in variants {
        let (cancelled, order, user) = (ids::new_id(), ids::new_id(), ids::new_id());
        for one in [cancelled, order] {
            app.reserve(one, user, &[(variant, 1)])
                .await
                .assert_success(201);
        }
        app.command(order, "commit").await.assert_success(200);
        let event = OrderCancelled {
            order_id: cancelled,
            user_id: user,
        };
        app.hear(event, 1, ids::new_id(), on_order_cancelled)
            .await
            .unwrap();
        let event = RestockRequested {
            order_id: order,
            refund_id: ids::new_id(),
            lines: vec![OrderedLine {
                variant_id: variant,
                quantity: 1,
            }],
        };
        app.hear(event, 1, ids::new_id(), on_order_restock_requested)
            .await
            .unwrap();
        let request = app.request(Method::GET, &format!("/internal/privacy/{user}"));
        let request = request.bearer_auth(service::service_token("auth", "inventory"));
        request.reply().await.assert_success(200);
        let event = EraseRequested {
            request_id: ids::new_id(),
            user_id: user,
        };
        app.hear(event, 1, ids::new_id(), on_privacy_erase_requested)
            .await
            .unwrap();
    }
}
