//! What the books must say at any time.

use crate::app::TestApp;

/// Each query must find nothing.
const INVARIANTS: [(&str, &str); 5] = [
    (
        "I01 what is on hand is what the ledger says",
        "SELECT s.variant_id, s.on_hand FROM inventory.stock_items s
         LEFT JOIN inventory.movements m USING (variant_id)
         GROUP BY s.variant_id HAVING s.on_hand <> coalesce(sum(m.delta), 0)",
    ),
    (
        "I02 what is reserved is what active reservations hold",
        "SELECT s.variant_id, s.reserved FROM inventory.stock_items s LEFT JOIN (
             SELECT l.variant_id, sum(l.quantity) AS held FROM inventory.reservation_lines l
             JOIN inventory.reservations r USING (order_id) WHERE r.state = 'active' GROUP BY l.variant_id
         ) h USING (variant_id) WHERE s.reserved <> coalesce(h.held, 0)",
    ),
    (
        "I03 nothing is negative or reserved twice",
        "SELECT * FROM inventory.stock_items WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand",
    ),
    (
        "I04 each sold line has its one movement, and no other line has one",
        "SELECT l.order_id, l.variant_id, r.state FROM inventory.reservation_lines l
         JOIN inventory.reservations r USING (order_id)
         LEFT JOIN inventory.movements m ON m.order_id = l.order_id AND m.variant_id = l.variant_id AND m.kind = 'commit'
         GROUP BY l.order_id, l.variant_id, l.quantity, r.state
         HAVING r.state = 'committed' AND (count(m.seq) <> 1 OR sum(m.delta) <> -l.quantity)
             OR r.state <> 'committed' AND count(m.seq) > 0
         UNION ALL
         SELECT m.order_id, m.variant_id, 'orphan' FROM inventory.movements m WHERE m.kind = 'commit' AND NOT EXISTS (
             SELECT FROM inventory.reservation_lines l WHERE l.order_id = m.order_id AND l.variant_id = m.variant_id)",
    ),
    (
        "I05 no hold outlives its time by a minute",
        "SELECT * FROM inventory.reservations WHERE state = 'active' AND expires_at < now() - interval '60 seconds'",
    ),
];

impl TestApp {
    /// Asserts that the books are right.
    pub async fn assert_sound(&self) {
        for (what, sql) in INVARIANTS {
            let found = self.rows(sql).await;
            assert!(found.is_empty(), "{what}: {found:?}");
        }
    }
}
