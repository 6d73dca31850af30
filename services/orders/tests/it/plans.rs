//! With a hundred thousand orders, no question that comes often reads a table from end to end.
//!
//! PostgreSQL counts how often it reads a table so. The statements that count are those of the service, with the plans that it
//! keeps, so each is asked often enough for one to be kept.

use std::sync::Arc;

use common::ids;
use events::payments::RefundProcessed;
use money::Currency;
use orders::consumers::on_refund_processed::on_refund_processed;
use serde_json::json;
use test_support::plans;

use crate::app::{TestApp, id_of};
use crate::settling::pay;
use crate::world::email_of;

/// PostgreSQL settles on a plan with the sixth use of a statement.
const TIMES: usize = 8;

const TABLES: [&str; 8] = [
    "orders",
    "order_lines",
    "order_history",
    "order_payments",
    "order_refunds",
    "coupon_uses",
    "documents",
    "coupons",
];

async fn fill(app: &TestApp) {
    for sql in [
        "INSERT INTO orders.orders (id, order_number, user_id, status, payment_status, currency, subtotal, discount, shipping,
             tax, total, prices_include_tax, tax_name, tax_basis_points, shipping_tax, shipping_method, shipping_name,
             email_index, expires_at, settled_payment_id, created_at)
         SELECT md5('o' || n)::uuid, 'AGP-' || n, md5('u' || n / 5)::uuid,
             CASE WHEN n % 20 = 0 THEN 'pending' WHEN n % 2 = 0 THEN 'processing' ELSE 'expired' END,
             'unpaid', 'NGN', 1, 0, 0, 0, 1, false, 'VAT', 750, 0, 'standard', 'Standard', decode(md5('e' || n), 'hex'),
             now() + interval '1 day',
             CASE WHEN n % 20 <> 0 AND n % 2 = 0 THEN md5('p' || n)::uuid END, now() - n * interval '1 minute'
         FROM generate_series(1, 100000) n",
        "INSERT INTO orders.order_lines (id, order_id, position, product_id, variant_id, sku, title, quantity, unit_price,
             line_total, discount, tax)
         SELECT md5('l' || n)::uuid, md5('o' || n)::uuid, 0, md5('x' || n)::uuid, md5('v' || n)::uuid, 's', 't', 1, 1, 1, 0, 0
         FROM generate_series(1, 100000) n",
        "INSERT INTO orders.order_history (order_id, version, to_status, actor)
         SELECT id, 1, status, 'system' FROM orders.orders",
        "INSERT INTO orders.order_payments (payment_id, order_id, status, amount)
         SELECT settled_payment_id, id, 'succeeded', 1 FROM orders.orders WHERE settled_payment_id IS NOT NULL",
        "INSERT INTO orders.order_refunds (refund_id, order_id, payment_id, amount, status)
         SELECT md5('r' || n)::uuid, md5('o' || n)::uuid, md5('p' || n)::uuid, 1, 'requested' FROM generate_series(1, 100000) n",
        "INSERT INTO orders.coupons (id, code, kind, basis_points, per_user_limit)
         SELECT md5('c' || n)::uuid, 'CODE' || n, 'percentage', 100, 9 FROM generate_series(1, 10000) n",
        "INSERT INTO orders.coupon_uses (coupon_id, order_id, user_id)
         SELECT md5('c' || 1 + n % 10000)::uuid, md5('o' || n)::uuid, md5('u' || n / 5)::uuid FROM generate_series(1, 100000) n",
        "INSERT INTO orders.documents (id, order_id, kind, series, year, sequence, number, issued_at, content, content_hash,
             template_version, pdf, drawn_at)
         SELECT md5('d' || n)::uuid, md5('o' || n)::uuid, 'invoice', 'INV', 2020, n, 'INV-2020-' || n, now(), '', '', 1, '', now()
         FROM generate_series(1, 100000) n",
    ] {
        app.execute(sql).await;
    }
    for table in TABLES {
        app.execute(&format!("ANALYZE orders.{table}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_asked_often_reads_a_table_from_end_to_end() {
    let app = TestApp::start().await;
    fill(&app).await;
    let scans = async || plans::scans(&app.world.db, "orders", &TABLES).await;
    let before = scans().await;
    sale(&app).await;
    staff(&app).await;
    // A new process looks at once for what got stuck.
    let _beside = TestApp::start_in(Arc::clone(&app.world), &[]).await;
    assert_eq!(scans().await, before);
    // So it is also known that this test would notice.
    app.rows("SELECT count(*) FROM orders.orders WHERE total > 5")
        .await;
    let after = scans().await;
    assert!(after["orders"] > before["orders"]);
}

async fn sale(app: &TestApp) {
    let lace = app.world.sell("Royal lace", "1000.00");
    for turn in 0..TIMES {
        let ada = app.customer();
        let mut body = crate::app::order_of(&[lace.item(1)]);
        body["couponCode"] = json!(format!("CODE{}", turn + 1));
        let order = ada.order(&body).await.assert_success(201)["order"].clone();
        ada.see(&order).await;
        for path in ["/orders", "/orders?status=pending"] {
            ada.get(path).await.assert_success(200);
        }
        let track = json!({ "orderNumber": order["orderNumber"], "email": email_of(ada.id) });
        ada.post("/orders/track", &track).await.assert_success(200);
        if turn % 2 == 0 {
            let path = format!("/orders/{}/cancel", id_of(&order));
            ada.post(&path, &json!({})).await.assert_success(200);
            continue;
        }
        let payment = pay(app, &order).await;
        let refund = RefundProcessed {
            refund_id: ids::new_id(),
            payment_id: payment,
            order_id: id_of(&order),
            user_id: ada.id,
            amount: "100.00".parse().unwrap(),
            currency: Currency::Ngn,
            restock: None,
        };
        app.hear(refund, on_refund_processed).await.unwrap();
        let _ = ada.get(&format!("/orders/{}/invoice", id_of(&order))).await;
    }
}

async fn staff(app: &TestApp) {
    let admin = app.staff("admin");
    let rows = app
        .rows("SELECT md5('o' || n)::uuid AS id, md5('u' || n / 5)::uuid AS user_id FROM generate_series(1, 8) n")
        .await;
    for row in rows {
        let (id, user) = (
            row["id"].as_str().unwrap(),
            row["user_id"].as_str().unwrap(),
        );
        for query in [
            format!("/{id}"),
            format!("?search={id}"),
            format!("?search={user}"),
            "?search=AGP-77".to_owned(),
            "?search=ada@example.com".to_owned(),
            String::new(),
            "?page=500&limit=100".to_owned(),
            "?status=processing".to_owned(),
            "?from=2000-01-01".to_owned(),
            "?from=2100-01-01".to_owned(),
            "?status=delivered".to_owned(),
        ] {
            let reply = admin.get(&format!("/admin/orders{query}")).await;
            assert_eq!(reply.status, 200, "{query}: {}", reply.body);
        }
    }
}
