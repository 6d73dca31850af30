//! What can be wrong, one thing at a time, in the shop of `world.sql`.

use prove::invariants::Journals;

use crate::world::{acknowledged, transaction};

/// Something wrong.
pub struct Plant {
    pub what: &'static str,
    /// Everything that finds it, and nothing else does.
    pub found_by: &'static [&'static str],
    pub sql: &'static str,
    /// What others know of it.
    pub tell: fn(&mut Journals),
}

const fn plant(found_by: &'static [&'static str], what: &'static str, sql: &'static str) -> Plant {
    Plant {
        what,
        found_by,
        sql,
        tell: |_| {},
    }
}

pub const PLANTS: &[Plant] = &[
    plant(&["I01"], "a unit came from nowhere", "UPDATE inventory.stock_items SET on_hand = on_hand + 1"),
    plant(&["I02"], "a unit is reserved for nobody", "UPDATE inventory.stock_items SET reserved = reserved + 1"),
    plant(
        &["I03"],
        "more was sold than there was",
        "ALTER TABLE inventory.stock_items DROP CONSTRAINT stock_items_reserved_is_there;
         INSERT INTO inventory.stock_items (variant_id, product_id, sku, on_hand, low_stock_threshold)
         VALUES (world.id('other'), world.id('product'), 'y', -1, 0);
         INSERT INTO inventory.movements (variant_id, kind, delta) VALUES (world.id('other'), 'adjustment', -1)",
    ),
    plant(
        &["I04"],
        "an order that expired was sold goods",
        "UPDATE inventory.stock_items SET on_hand = on_hand - 2;
         INSERT INTO inventory.movements (variant_id, kind, delta, order_id)
         VALUES (world.id('variant'), 'commit', -2, world.id('E'))",
    ),
    plant(
        &["I05"],
        "a hold does not end",
        "UPDATE inventory.reservations SET expires_at = now() - interval '2 minutes' WHERE order_id = world.id('B')",
    ),
    plant(
        &["I06"],
        "an order that expired holds goods",
        "UPDATE inventory.reservations SET state = 'active', closed_at = NULL, expires_at = now() + interval '1 hour'
         WHERE order_id = world.id('E');
         UPDATE inventory.stock_items SET reserved = reserved + 2",
    ),
    plant(
        &["I07"],
        "an order is settled by a payment that it does not keep",
        "UPDATE orders.orders SET settled_payment_id = world.id('other') WHERE id = world.id('A')",
    ),
    Plant {
        tell: |journals| tell_of(journals, "E"),
        ..plant(&["I07", "I20"], "money for an order that expired stays", "SELECT world.captured('E', 'paid', false)")
    },
    plant(
        &["I08"],
        "the provider calls a payment otherwise",
        "UPDATE payments.payments SET reference = 'other' WHERE id = world.id('PA')",
    ),
    plant(
        &["I08R"],
        "a refund is not the one that the provider made",
        "UPDATE payments.refunds SET gateway_id = 'other' WHERE id = world.id('RC')",
    ),
    plant(
        &["I09"],
        "a line costs more than the order says",
        "UPDATE orders.order_lines SET unit_price = 500, line_total = 1000 WHERE order_id = world.id('A')",
    ),
    plant(
        &["I10"],
        "a payment that went back counts as paid",
        "UPDATE payments.payments SET status = 'paid' WHERE id = world.id('PC')",
    ),
    plant(
        &["I11"],
        "one side was booked without the other",
        "INSERT INTO payments.ledger_entries (transaction_id, account, amount, currency, occurred_at)
         VALUES (world.id('kA'), 'sales', 1, 'NGN', now())",
    ),
    plant(
        &["I07", "I08R", "I10", "I11", "I20"],
        "a bank took more than was paid, by the disputes",
        "UPDATE payments.disputes SET taken = 2000",
    ),
    Plant {
        tell: |journals| journals.provider.as_mut().unwrap().refunds.retain(|refund| refund.dispute.is_none()),
        ..plant(&["I08R"], "a dispute took what the provider never took for it", "")
    },
    plant(
        &["I11"],
        "what a dispute took was booked back, though it is gone",
        "SELECT world.book('back', 'chargeback_returned', world.id('dispute'), world.id('PF'), NULL, 'suspense', 'suspense', 1)",
    ),
    plant(
        &["I11"],
        "a settlement was paid out by its row and not by the books",
        "UPDATE payments.settlements SET booked = 900",
    ),
    plant(&["I12"], "numbers of invoices are missing", "UPDATE orders.document_counters SET last = 3"),
    plant(
        &["I13"],
        "a mail left that nobody knows, and the confirmation did not",
        "UPDATE notifications.messages SET provider_id = 'other'",
    ),
    plant(
        &["I14"],
        "something is not published",
        "INSERT INTO inventory.outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, schema_version, payload,
             created_at)
         VALUES (world.id('x'), 'stock', world.id('variant'), 1, 'stock.changed', 1, '{}', now() - interval '1 hour')",
    ),
    plant(
        &["I15"],
        "payments never heard that an order is paid",
        "DELETE FROM payments.inbox WHERE consumer = 'payments.on_order_paid'",
    ),
    plant(
        &["I16"],
        "a wish for a mail was granted twice",
        "ALTER TABLE notifications.messages DROP CONSTRAINT messages_dedupe_key_unique;
         INSERT INTO notifications.messages (id, dedupe_key, template, source_id, user_id, status, ended_at, last_error,
             next_attempt_at, created_at)
         VALUES (world.id('x'), 'order_confirmation/A', 'welcome', world.id('x'), world.id('x'), 'failed', now(), 'x', now(), now())",
    ),
    plant(
        &["I17"],
        "somebody heard what nobody said",
        "INSERT INTO cart.inbox (consumer, event_id) VALUES ('cart.on_order_created', world.id('x'))",
    ),
    plant(
        &["I18"],
        "an order is shipped and its history does not say so",
        "UPDATE orders.orders SET status = 'shipped' WHERE id = world.id('A')",
    ),
    plant(
        &["I19"],
        "a request began an hour ago and did not end",
        "INSERT INTO orders.idempotency_keys (principal, operation, key, request_hash, state, resource_id, claimed_at)
         VALUES ('buyer', 'POST /api/v1/orders', 'x', sha256(''), 'in_progress', world.id('x'), now() - interval '1 hour')",
    ),
    plant(
        &["I19"],
        "nobody was reminded of a dispute that goes on",
        "UPDATE payments.disputes SET status = 'pending', outcome = NULL, resolved_at = NULL, remind_at = now() - interval '1 hour'",
    ),
    plant(
        &["I21"],
        "an audit entry was changed",
        "UPDATE payments.audit_events SET metadata = '{\"a\":2}' WHERE action = 'payment.kept'",
    ),
    plant(
        &["I22"],
        "a payment was kept without a trace",
        "DELETE FROM payments.audit_events WHERE action = 'payment.kept';
         DELETE FROM payments.outbox WHERE payload #>> '{data,action}' = 'payment.kept'",
    ),
    plant(
        &["I23"],
        "a webhook was written twice",
        "ALTER TABLE payments.webhook_events DROP CONSTRAINT webhook_events_key_unique;
         INSERT INTO payments.webhook_events
         SELECT world.id('x'), event_key, body_sha256, event_type, reference, body_ct, is_contradiction, status, outcome, attempts,
             next_attempt_at, last_error, received_at, processed_at FROM payments.webhook_events",
    ),
    plant(
        &["I24"],
        "a key was answered with an order that there is not",
        "INSERT INTO orders.idempotency_keys (principal, operation, key, request_hash, state, resource_id, settled_at,
             response_status, response_content_type, response_body)
         VALUES ('buyer', 'POST /api/v1/orders', 'x', sha256(''), 'done', world.id('x'), now(), 201, 'x', '')",
    ),
    plant(
        &["I25"],
        "two refresh tokens of a session can be used",
        "DROP INDEX auth.refresh_tokens_one_live_per_session;
         UPDATE auth.refresh_tokens SET used_at = NULL, used_by_ip = NULL, used_by_user_agent_hash = NULL",
    ),
    plant(
        &["I26"],
        "a number is sealed so that nobody finds it again",
        "ALTER TABLE auth.users DROP CONSTRAINT users_phone_sealed; UPDATE auth.users SET phone_ct = '\\x00'",
    ),
    plant(
        &["I28"],
        "a consumer gave something up",
        "INSERT INTO orders.dead_letters (id, consumer, body, headers, reason, attempts)
         VALUES (world.id('x'), 'orders.on_payment_succeeded', '', '{}', 'x', 5)",
    ),
    Plant {
        tell: |journals| {
            let clients = journals.clients.as_mut().unwrap();
            clients.push(acknowledged("key-x", "00000000-0000-0000-0000-000000000001"));
        },
        ..plant(&["I30"], "an order was acknowledged and is gone", "")
    },
    plant(
        &["I31"],
        "people were never asked about what a reconciliation left to them",
        "DELETE FROM payments.attention_items WHERE kind = 'reconciliation'",
    ),
    plant(
        &["I31"],
        "a reconciliation ended and left something undone",
        "INSERT INTO payments.reconciliation_mismatches (id, run_id, class, subject, remedy, state, found_at)
         VALUES (world.id('x'), world.id('run'), 'status', 'x', 'confirm', 'found', now())",
    ),
    plant(
        &["I31"],
        "a reconciliation never ends",
        "INSERT INTO payments.reconciliation_runs (id, business_date, kind, window_from, window_to, started_at)
         VALUES (world.id('x'), now() - interval '1 day', 'nightly', now() - interval '4 days', now(), now() - interval '1 day')",
    ),
    plant(
        &["I31"],
        "nobody was told what a reconciliation found",
        "DELETE FROM payments.outbox WHERE event_type = 'reconciliation.completed'",
    ),
    plant(&["I32"], "orders may read payments", "GRANT USAGE ON SCHEMA payments TO orders"),
];

fn tell_of(journals: &mut Journals, order: &str) {
    let provider = journals.provider.as_mut().unwrap();
    provider.transactions.push(transaction(order, true));
}
