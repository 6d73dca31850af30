-- The words that the invariants are written in, as views over the services' tables. They are temporary: they live in the
-- checking session and leave nothing behind. Amounts are in hundredths.
--
-- `prove.grace` is how long something may be under way; before that nothing is concluded from services that differ.

CREATE TEMP VIEW stock_items AS
SELECT variant_id, on_hand, reserved FROM inventory.stock_items;

CREATE TEMP VIEW reservations AS
SELECT r.order_id, l.variant_id, l.quantity, r.state, r.expires_at
FROM inventory.reservations r JOIN inventory.reservation_lines l USING (order_id);

CREATE TEMP VIEW movements AS
SELECT seq, variant_id, kind, delta, order_id, refund_id FROM inventory.movements;

CREATE TEMP VIEW order_status_history AS
SELECT order_id, version, from_status, to_status FROM orders.order_history;

CREATE TEMP VIEW orders AS
SELECT o.id, o.status, o.settled_payment_id, o.settling_payment_id, o.prices_include_tax, o.currency::text AS currency,
    (o.subtotal * 100)::bigint AS subtotal, (o.discount * 100)::bigint AS discount, (o.shipping * 100)::bigint AS shipping,
    (o.tax * 100)::bigint AS tax, (o.total * 100)::bigint AS total, o.expires_at, o.created_at, o.updated_at,
    -- It was sold goods, for money that is its own.
    o.status IN ('processing', 'shipped', 'delivered') OR o.status = 'refunded' AND u.order_id IS NULL AS is_sold,
    -- It was paid when its goods were gone.
    o.status = 'paid_unallocated' OR o.status = 'refunded' AND u.order_id IS NOT NULL AS is_unallocated,
    -- It settled itself, as nothing was due.
    o.settled_payment_id = o.id AS is_free,
    o.updated_at < now() - current_setting('prove.grace')::interval AS is_quiet
FROM orders.orders o
-- A remark leaves it where it is, and is no second time.
LEFT JOIN orders.order_history u ON u.order_id = o.id AND u.to_status = 'paid_unallocated'
    AND u.from_status <> 'paid_unallocated';

CREATE TEMP VIEW order_lines AS
SELECT order_id, variant_id, quantity, (unit_price * 100)::bigint AS unit_price, (line_total * 100)::bigint AS line_total
FROM orders.order_lines;

CREATE TEMP VIEW documents AS
SELECT order_id, kind, refund_id, series, year, sequence FROM orders.documents;

CREATE TEMP VIEW document_counters AS
SELECT series, year, last FROM orders.document_counters;

CREATE TEMP VIEW payments AS
SELECT p.id, p.order_id, p.reference AS gateway_ref, p.status, p.kept, p.hold_reason, p.gateway_id,
    p.paid_amount IS NOT NULL AS is_captured, (p.amount * 100)::bigint AS due, p.currency::text AS due_currency,
    (coalesce(p.paid_amount, p.amount) * 100)::bigint AS amount, coalesce(p.paid_currency, p.currency::text) AS currency,
    p.created_at, p.next_check_at, p.refund_due_at, p.is_superseded,
    -- A date is set on which it is paid back, people were asked about it, or a bank has yet to say whose it is.
    p.refund_due_at IS NOT NULL OR EXISTS (
        SELECT FROM payments.attention_items i WHERE i.payment_id = p.id AND i.closed_at IS NULL
    ) OR EXISTS (
        SELECT FROM payments.disputes d WHERE d.payment_id = p.id AND d.outcome IS NULL
    ) AS is_seen_to,
    greatest(p.created_at, p.paid_at) < now() - current_setting('prove.grace')::interval AS is_quiet
FROM payments.payments p;

CREATE TEMP VIEW refunds AS
SELECT r.id, r.payment_id, r.order_id, r.status, r.origin, r.gateway_id, (r.amount * 100)::bigint AS amount, r.created_at,
    r.next_attempt_at, r.asked_at
FROM payments.refunds r;

CREATE TEMP VIEW disputes AS
SELECT d.id, d.gateway_id, d.payment_id, d.outcome, d.charged_to, d.remind_at, (d.taken * 100)::bigint AS taken,
    d.taken IS NOT NULL AND d.returned_at IS NULL AS is_gone, d.returned_at IS NOT NULL AS is_returned,
    d.updated_at < now() - current_setting('prove.grace')::interval AS is_quiet
FROM payments.disputes d;

-- What goes back to buyers, either way, and whether it is there.
CREATE TEMP VIEW given_back AS
SELECT payment_id, order_id, amount, status = 'processed' AS is_there FROM refunds WHERE status <> 'failed'
UNION ALL
SELECT d.payment_id, p.order_id, d.taken, true FROM disputes d JOIN payments p ON p.id = d.payment_id WHERE d.is_gone;

CREATE TEMP VIEW settlements AS
SELECT id, (booked * 100)::bigint AS booked, done_revision < revision AS is_open, updated_at FROM payments.settlements;

CREATE TEMP VIEW settlement_bookings AS
SELECT id, settlement_id, (amount * 100)::bigint AS amount FROM payments.settlement_bookings;

CREATE TEMP VIEW reconciliation_runs AS
SELECT id, business_date, started_at, finished_at FROM payments.reconciliation_runs;

CREATE TEMP VIEW reconciliation_mismatches AS
SELECT m.id, m.run_id, m.class, m.subject, m.state, r.finished_at FROM payments.reconciliation_mismatches m
JOIN payments.reconciliation_runs r ON r.id = m.run_id;

CREATE TEMP VIEW attention_items AS
SELECT kind, subject_id, closed_at FROM payments.attention_items;

CREATE TEMP VIEW ledger_transactions AS
SELECT id, kind, subject_id, payment_id, refund_id FROM payments.ledger_transactions;

CREATE TEMP VIEW ledger_entries AS
SELECT e.transaction_id, t.kind, e.account, (e.amount * 100)::bigint AS amount, e.currency
FROM payments.ledger_entries e JOIN payments.ledger_transactions t ON t.id = e.transaction_id;

CREATE TEMP VIEW webhook_events AS
SELECT id, event_key, event_type, reference AS gateway_ref, status, outcome, received_at, processed_at, next_attempt_at
FROM payments.webhook_events;

CREATE TEMP VIEW messages AS
SELECT id, dedupe_key, template, status, provider_id, idempotency_key, resend_of, next_attempt_at, created_at,
    CASE WHEN template LIKE '%order%' THEN source_id END AS order_id
FROM notifications.messages;

CREATE TEMP VIEW users AS
SELECT id, email, name, phone_ct, phone_key_id, phone_bidx, password_hash, totp_secret_ct, totp_key_id, erased_at
FROM auth.users;

CREATE TEMP VIEW sessions AS
SELECT id, user_id, revoked_at, revoke_reason FROM auth.sessions;

CREATE TEMP VIEW refresh_tokens AS
SELECT id, session_id, parent_id, used_at FROM auth.refresh_tokens;

-- Journals from outside the system, filled by whoever checks.
-- What the payment provider has taken.
CREATE TEMP TABLE gw_transactions (gateway_ref text PRIMARY KEY, amount bigint, currency text, is_captured boolean);
-- What the payment provider gives or gave back, and the dispute that was lost with it.
CREATE TEMP TABLE gw_refunds (gateway_id text, gateway_ref text, amount bigint, status text, dispute text);
-- What the mail provider has taken.
CREATE TEMP TABLE mail_sink (provider_id text, idempotency_key text);
-- What the shop answered to those who ordered.
CREATE TEMP TABLE client_ops (op_id bigint, idem_key text, http_status int, order_id uuid, body_sha256 text);
-- Who hears what.
CREATE TEMP TABLE subscriptions (event_type text, consumer text);

-- Every service that has its schema here, and what all of them have. A service that is added is checked without a word here.
CREATE TEMP TABLE services AS
SELECT n.nspname::text AS name, r.oid AS role FROM pg_namespace n
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'outbox' JOIN pg_roles r ON r.rolname = n.nspname;

DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN VALUES
        ('outbox_all', 'id, event_type, payload, created_at, published_at', 'outbox'),
        ('inbox_all', 'consumer, event_id, processed_at', 'inbox'),
        ('dead_letters_all', 'consumer, event_id, event_type, reason, redriven_at', 'dead_letters'),
        ('idempotency_keys_all', 'principal, operation, key, state, resource_id, claimed_at', 'idempotency_keys'),
        ('audit_all', 'id, action, entity_id, metadata, recorded_at', 'audit_events')
    LOOP
        EXECUTE format('CREATE TEMP VIEW %I AS ', wanted.column1) || (
            SELECT string_agg(format('SELECT %L AS service, %s FROM %I.%I', name, wanted.column2, name, wanted.column3),
                ' UNION ALL ') FROM services
        );
    END LOOP;
END
$$;
