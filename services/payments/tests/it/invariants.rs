//! What the books must say at any time, and what the provider must agree to.

use std::collections::HashMap;

use serde_json::Value;

use crate::app::TestApp;

/// Each query must find nothing.
const INVARIANTS: [(&str, &str); 11] = [
    (
        "each transaction of the ledger balances",
        "SELECT t.id, e.currency FROM payments.ledger_transactions t
         LEFT JOIN payments.ledger_entries e ON e.transaction_id = t.id
         GROUP BY t.id, e.currency HAVING coalesce(sum(e.amount), 1) <> 0",
    ),
    (
        "an order keeps one payment at most, and only one that is paid",
        "SELECT order_id FROM payments.payments WHERE kept GROUP BY order_id HAVING count(*) > 1
         UNION ALL SELECT order_id FROM payments.payments WHERE kept AND paid_amount IS NULL",
    ),
    (
        "one attempt of an order is live at most",
        "SELECT order_id FROM payments.payments WHERE status IN ('initialized', 'pending') AND NOT is_superseded
         GROUP BY order_id HAVING count(*) > 1",
    ),
    (
        "what went back or is to go back is never more than was paid",
        "SELECT p.id, p.paid_amount, b.back FROM payments.payments p JOIN (
             SELECT payment_id, sum(amount) AS back FROM (
                 SELECT payment_id, amount FROM payments.refunds WHERE status <> 'failed'
                 UNION ALL SELECT payment_id, taken FROM payments.disputes WHERE taken IS NOT NULL AND returned_at IS NULL) a
             GROUP BY payment_id) b ON b.payment_id = p.id
         WHERE b.back > p.paid_amount",
    ),
    (
        "the status says how much went back, unless some of it came back",
        "SELECT p.id, p.status, p.paid_amount, coalesce(sum(r.amount), 0) FROM payments.payments p
         LEFT JOIN (SELECT payment_id, amount FROM payments.refunds WHERE status = 'processed'
             UNION ALL SELECT payment_id, taken FROM payments.disputes WHERE taken IS NOT NULL AND returned_at IS NULL) r
             ON r.payment_id = p.id WHERE p.paid_amount IS NOT NULL
             AND NOT EXISTS (SELECT FROM payments.ledger_transactions t WHERE t.payment_id = p.id
                 AND t.kind IN ('refund_returned', 'chargeback_returned'))
         GROUP BY p.id HAVING p.status <> CASE WHEN coalesce(sum(r.amount), 0) = 0 THEN 'paid'
             WHEN sum(r.amount) < p.paid_amount THEN 'partially_refunded' ELSE 'refunded' END",
    ),
    (
        "the provider owes or has paid out what was paid, less its fees and what went back",
        "SELECT l.currency, l.balance, m.expected FROM
             (SELECT currency, sum(amount) AS balance FROM payments.ledger_entries
              WHERE account IN ('gateway_clearing', 'bank') GROUP BY currency) l
         FULL JOIN (SELECT p.paid_currency AS currency, sum(p.paid_amount - coalesce(p.fees, 0)
                 - coalesce((SELECT sum(amount) FROM payments.refunds r
                             WHERE r.payment_id = p.id AND r.status = 'processed'), 0)
                 - coalesce((SELECT sum(taken) FROM payments.disputes d
                             WHERE d.payment_id = p.id AND d.returned_at IS NULL), 0)) AS expected
             FROM payments.payments p WHERE p.paid_amount IS NOT NULL GROUP BY p.paid_currency) m USING (currency)
         WHERE coalesce(l.balance, 0) <> coalesce(m.expected, 0)",
    ),
    (
        "what is to go back is owed",
        "SELECT l.owed, r.expected FROM
             (SELECT coalesce(-sum(amount), 0) AS owed FROM payments.ledger_entries WHERE account = 'refunds_payable') l,
             (SELECT coalesce(sum(amount), 0) AS expected FROM payments.refunds
              WHERE status NOT IN ('processed', 'failed')) r
         WHERE l.owed <> r.expected",
    ),
    (
        "what nobody keeps is in suspense, and nothing else",
        "SELECT l.held, p.expected FROM
             (SELECT coalesce(-sum(amount), 0) AS held FROM payments.ledger_entries WHERE account = 'suspense') l,
             (SELECT coalesce(sum(p.paid_amount - coalesce((SELECT sum(amount) FROM payments.refunds r
                  WHERE r.payment_id = p.id AND r.status <> 'failed'), 0)
                  - coalesce((SELECT sum(taken) FROM payments.disputes d
                      WHERE d.payment_id = p.id AND d.returned_at IS NULL), 0)), 0) AS expected
              FROM payments.payments p WHERE p.paid_amount IS NOT NULL AND NOT p.kept) p
         WHERE l.held <> p.expected",
    ),
    (
        "each capture is audited once and told once",
        "SELECT p.id FROM payments.payments p WHERE p.paid_amount IS NOT NULL AND (
             (SELECT count(*) FROM payments.audit_events a WHERE a.action = 'payment.captured' AND a.entity_id = p.id::text) <> 1
             OR (SELECT count(*) FROM payments.outbox o WHERE o.aggregate_id = p.id
                 AND o.event_type IN ('payment.succeeded', 'payment.mismatched'))
                 <> CASE WHEN EXISTS (SELECT FROM payments.attention_items i WHERE i.kind = 'reversed' AND i.subject_id = p.id)
                     THEN 0 ELSE 1 END)
         UNION ALL SELECT o.aggregate_id FROM payments.outbox o WHERE o.event_type = 'payment.succeeded' AND NOT EXISTS (
             SELECT FROM payments.payments p WHERE p.id = o.aggregate_id AND p.paid_amount IS NOT NULL)",
    ),
    (
        "each refund is audited once, and told once for each thing that became of it",
        "SELECT r.id::text FROM payments.refunds r WHERE
             (SELECT count(*) FROM payments.audit_events a WHERE a.action = 'refund.requested' AND a.entity_id = r.id::text) <> 1
         UNION ALL SELECT aggregate_id::text FROM payments.outbox
             WHERE event_type IN ('refund.requested', 'refund.processed', 'refund.failed')
             GROUP BY aggregate_id, event_type HAVING count(*) > 1",
    ),
    (
        "what disputes took is booked once, and given back once",
        "SELECT d.id FROM payments.disputes d WHERE
             (SELECT count(*) FROM payments.ledger_transactions t WHERE t.subject_id = d.id AND t.kind = 'chargeback')
                 <> CASE WHEN d.taken IS NULL THEN 0 ELSE 1 END
             OR (SELECT count(*) FROM payments.ledger_transactions t WHERE t.subject_id = d.id AND t.kind = 'chargeback_returned')
                 <> CASE WHEN d.returned_at IS NULL THEN 0 ELSE 1 END",
    ),
];

impl TestApp {
    /// Asserts that the books are right, and that the provider did nothing twice and nothing that is not in them.
    pub async fn assert_sound(&self) {
        self.assert_balanced().await;
        self.assert_agreed().await;
    }

    /// Asserts that the books are right.
    pub async fn assert_balanced(&self) {
        for (what, sql) in INVARIANTS {
            let found = self.rows(sql).await;
            assert!(found.is_empty(), "{what}: {found:?}");
        }
    }

    async fn assert_agreed(&self) {
        let paid = self
            .rows("SELECT reference, (paid_amount * 100)::bigint AS minor FROM payments.payments WHERE paid_amount IS NOT NULL")
            .await;
        for row in &paid {
            let one = self.world.paystack.transaction(text(row, "reference"));
            assert!(one.is_captured, "{one:?} took no money");
            assert_eq!(row["minor"], one.amount, "{one:?}");
        }
        let vendor = self.world.paystack.refunds();
        let mut by_note: HashMap<&str, usize> = HashMap::new();
        for note in vendor.iter().filter_map(|one| one.note.as_deref()) {
            *by_note.entry(note).or_default() += 1;
        }
        let known = self
            .rows("SELECT id, gateway_id, status, (amount * 100)::bigint AS minor FROM payments.refunds")
            .await;
        for row in &known {
            let times = by_note.get(text(row, "id")).copied().unwrap_or(0);
            assert!(times <= 1, "the provider paid back twice: {row}");
            let Some(id) = row["gateway_id"].as_str() else {
                continue;
            };
            let one = vendor.iter().find(|one| one.id.to_string() == id);
            let one = one.unwrap_or_else(|| panic!("the provider does not know {row}"));
            assert_eq!(row["minor"], one.amount, "{one:?}");
            if text(row, "status") == "processed" {
                assert_eq!(one.status, "processed", "{row}");
            }
        }
        for one in self.world.paystack.transactions() {
            let back = vendor
                .iter()
                .filter(|refund| refund.transaction == one.id && refund.status != "failed");
            let back: i64 = back.map(|refund| refund.amount).sum();
            assert!(back <= one.amount, "more went back than was paid: {one:?}");
        }
    }
}

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap()
}
