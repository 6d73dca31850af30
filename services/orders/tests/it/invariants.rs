//! What must hold whatever has happened: each query finds nothing.

use crate::app::TestApp;

const BROKEN: [(&str, &str); 7] = [
    (
        "lines and order disagree",
        "SELECT o.id FROM orders.orders o JOIN orders.order_lines l ON l.order_id = o.id GROUP BY o.id
         HAVING sum(l.line_total) <> o.subtotal OR sum(l.discount) <> o.discount OR sum(l.tax) + o.shipping_tax <> o.tax",
    ),
    (
        "an order without lines",
        "SELECT id FROM orders.orders o WHERE NOT EXISTS (SELECT FROM orders.order_lines l WHERE l.order_id = o.id)",
    ),
    (
        "history and status disagree",
        "SELECT o.id FROM orders.orders o LEFT JOIN LATERAL (SELECT to_status FROM orders.order_history h
             WHERE h.order_id = o.id ORDER BY version DESC LIMIT 1) h ON true
         WHERE h.to_status IS DISTINCT FROM o.status",
    ),
    (
        "a coupon is counted wrongly",
        "SELECT c.id FROM orders.coupons c
         WHERE c.used_count <> (SELECT count(*) FROM orders.coupon_uses u WHERE u.coupon_id = c.id)",
    ),
    (
        "a coupon counts for an order that has ended",
        "SELECT o.id FROM orders.orders o JOIN orders.coupon_uses u ON u.order_id = o.id
         WHERE o.status IN ('cancelled', 'expired', 'paid_unallocated')",
    ),
    (
        "numbers have gaps",
        "SELECT series, year FROM orders.documents WHERE number IS NOT NULL GROUP BY series, year
         HAVING max(sequence) <> count(*) OR min(sequence) <> 1",
    ),
    (
        "a sold order has no invoice due",
        "SELECT o.id FROM orders.orders o WHERE o.status IN ('processing', 'shipped', 'delivered')
         AND NOT EXISTS (SELECT FROM orders.documents d WHERE d.order_id = o.id AND d.kind = 'invoice')",
    ),
];

/// Asserts that nothing is broken.
pub async fn assert_all(app: &TestApp) {
    for (what, sql) in BROKEN {
        let found = app.rows(sql).await;
        assert!(found.is_empty(), "{what}: {found:?}");
    }
}
