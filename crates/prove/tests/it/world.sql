-- A shop in which everything is right: one sold order, whose money was paid out, one that waits to be paid, one that was cancelled
-- too late for its payment, one that was paid when its goods were gone, with a remark about that, one that nobody paid, and one
-- that was cancelled and whose buyer's bank took the money back.
-- Ids are hashes of names: id('A') is the order, id('PA') its payment.
CREATE SCHEMA world;
CREATE FUNCTION world.id(name text) RETURNS uuid IMMUTABLE LANGUAGE sql AS $$ SELECT md5(name)::uuid $$;

CREATE FUNCTION world.audit(what text, entity uuid) RETURNS void LANGUAGE sql AS $$
    INSERT INTO payments.audit_events (id, occurred_at, actor_role, action, entity_type, entity_id, metadata)
    VALUES (world.id(what || entity), now(), 'system', what, 'thing', entity::text, '{"a":1}');
    INSERT INTO payments.outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, schema_version, payload,
        created_at, published_at)
    VALUES (world.id(what || entity), 'audit', entity, 1, 'audit.recorded', 1,
        jsonb_build_object('data', jsonb_build_object('metadata', '{"a":1}', 'action', what)), now() - interval '1 hour', now());
$$;

CREATE FUNCTION world.book(named text, kind text, subject uuid, payment uuid, refund uuid, debit text, credit text, amount numeric)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO payments.ledger_transactions (id, kind, subject_id, payment_id, refund_id, occurred_at)
    VALUES (world.id(named), kind, subject, payment, refund, now());
    INSERT INTO payments.ledger_entries (transaction_id, account, amount, currency, occurred_at)
    VALUES (world.id(named), debit, amount, 'NGN', now()), (world.id(named), credit, -amount, 'NGN', now());
$$;

-- An order of two of the one thing there is: 900.00 and 25.00 to send them and 75.00 tax.
CREATE FUNCTION world.ordered(name text, status text, settled uuid, reservation text, age interval, steps text[])
RETURNS void LANGUAGE sql AS $$
    INSERT INTO orders.orders (id, order_number, user_id, status, currency, subtotal, discount, shipping, tax, total,
        prices_include_tax, tax_name, tax_basis_points, shipping_tax, shipping_method, shipping_name, settled_payment_id,
        expires_at, created_at, updated_at)
    VALUES (world.id(name), 'AGP-' || name, world.id('buyer'), status, 'NGN', 900, 0, 25, 75, 1000, false, 'VAT', 750, 0,
        'x', 'x', settled, now() - age + interval '15 minutes', now() - age, now() - age);
    INSERT INTO orders.order_lines (id, order_id, position, product_id, variant_id, sku, title, quantity, unit_price,
        line_total, discount, tax)
    VALUES (world.id('line' || name), world.id(name), 0, world.id('product'), world.id('variant'), 'x', 'x', 2, 450, 900, 0, 75);
    INSERT INTO orders.order_history (order_id, version, from_status, to_status, actor)
    SELECT world.id(name), 2 * n, CASE WHEN n > 1 THEN steps[n - 1] END, steps[n], 'system'
    FROM generate_series(1, cardinality(steps)) n;
    INSERT INTO inventory.reservations (order_id, user_id, state, held_at, expires_at, closed_at)
    VALUES (world.id(name), world.id('buyer'), reservation, now() - age, now() - age + interval '15 minutes',
        CASE WHEN reservation <> 'active' THEN now() END);
    INSERT INTO inventory.reservation_lines (order_id, variant_id, quantity)
    VALUES (world.id(name), world.id('variant'), 2);
$$;

-- The order's payment, paid and with fees of 15.00.
CREATE FUNCTION world.captured(name text, status text, is_kept boolean) RETURNS void LANGUAGE sql AS $$
    INSERT INTO payments.payments (id, order_id, attempt, reference, amount, currency, status, kept, callback_url, gateway_id,
        paid_amount, paid_currency, fees, paid_at, created_at)
    VALUES (world.id('P' || name), world.id(name), 1, 'AGP-' || name || '-1', 1000, 'NGN', status, is_kept, 'x',
        ascii(name)::text, 1000, 'NGN', 15, now() - interval '1 hour', now() - interval '1 hour');
    SELECT world.audit('payment.captured', world.id('P' || name));
    SELECT world.book('c' || name, 'capture', world.id('P' || name), world.id('P' || name), NULL, 'gateway_clearing', 'suspense', 1000);
    INSERT INTO payments.ledger_entries (transaction_id, account, amount, currency, occurred_at)
    VALUES (world.id('c' || name), 'fees', 15, 'NGN', now()), (world.id('c' || name), 'gateway_clearing', -15, 'NGN', now());
$$;

CREATE FUNCTION world.paid_back(name text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO payments.refunds (id, payment_id, order_id, amount, currency, status, origin, reason, gateway_id, charged_to,
        created_at, processed_at)
    VALUES (world.id('R' || name), world.id('P' || name), world.id(name), 1000, 'NGN', 'processed', 'system', 'x',
        'refund-' || name, 'suspense', now(), now());
    SELECT world.audit('refund.requested', world.id('R' || name));
    SELECT world.book('q' || name, 'refund_requested', world.id('R' || name), world.id('P' || name), world.id('R' || name),
        'suspense', 'refunds_payable', 1000);
    SELECT world.book('r' || name, 'refund_processed', world.id('R' || name), world.id('P' || name), world.id('R' || name),
        'refunds_payable', 'gateway_clearing', 1000);
$$;

BEGIN;
INSERT INTO inventory.stock_items (variant_id, product_id, sku, on_hand, reserved, low_stock_threshold)
VALUES (world.id('variant'), world.id('product'), 'x', 98, 2, 0);
INSERT INTO inventory.movements (variant_id, kind, delta, order_id) VALUES
    (world.id('variant'), 'initial', 100, NULL), (world.id('variant'), 'commit', -2, world.id('A'));

SELECT world.ordered('A', 'processing', world.id('PA'), 'committed', '1 hour', '{pending,processing}');
SELECT world.captured('A', 'paid', true);
SELECT world.audit('payment.kept', world.id('PA'));
SELECT world.book('kA', 'keep', world.id('PA'), world.id('PA'), NULL, 'suspense', 'sales', 1000);
INSERT INTO orders.documents (id, order_id, kind, series, year, sequence, number, issued_at, content, content_hash, template_version)
VALUES (world.id('invoice'), world.id('A'), 'invoice', 'INV', 2026, 1, 'INV-2026-1', now(), '\x00', '\x00', 1);
INSERT INTO orders.document_counters (series, year, last) VALUES ('INV', 2026, 1);
INSERT INTO orders.outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, schema_version, payload, created_at,
    published_at)
VALUES (world.id('order.paid'), 'order', world.id('A'), 4, 'order.paid', 1, '{}', now() - interval '1 hour', now());
INSERT INTO payments.inbox (consumer, event_id) VALUES ('payments.on_order_paid', world.id('order.paid'));
INSERT INTO notifications.inbox (consumer, event_id) VALUES ('notifications.on_order_paid', world.id('order.paid'));
INSERT INTO payments.webhook_events (id, event_key, body_sha256, event_type, reference, status, outcome, received_at, processed_at)
VALUES (world.id('webhook'), 'charge.success|AGP-A-1', sha256(''), 'charge.success', 'AGP-A-1', 'done', 'applied', now(), now());
INSERT INTO notifications.messages (id, dedupe_key, template, source_id, user_id, status, provider_id, idempotency_key, sent_at,
    ended_at, next_attempt_at, created_at)
VALUES (world.id('mail'), 'order_confirmation/A', 'order_confirmation', world.id('A'), world.id('buyer'), 'sent', 'mail-A',
    'order_confirmation/A', now(), now(), now(), now());
INSERT INTO orders.idempotency_keys (principal, operation, key, request_hash, state, resource_id, settled_at, response_status,
    response_content_type, response_body)
VALUES ('buyer', 'POST /api/v1/orders', 'key-A', sha256(''), 'done', world.id('A'), now(), 201, 'application/json', '{}');

SELECT world.ordered('B', 'pending', NULL, 'active', '0 minutes', '{pending}');
INSERT INTO payments.payments (id, order_id, attempt, reference, amount, currency, callback_url, created_at, next_check_at)
VALUES (world.id('PB'), world.id('B'), 1, 'AGP-B-1', 1000, 'NGN', 'x', now(), now() + interval '1 minute');

SELECT world.ordered('C', 'cancelled', NULL, 'released', '1 hour', '{pending,cancelled}');
SELECT world.captured('C', 'refunded', false), world.paid_back('C');

SELECT world.ordered('D', 'refunded', world.id('PD'), 'expired', '1 hour', '{pending,expired,paid_unallocated,paid_unallocated,refunded}');
SELECT world.captured('D', 'refunded', false), world.paid_back('D');

SELECT world.ordered('E', 'expired', NULL, 'expired', '1 hour', '{pending,expired}');

SELECT world.ordered('F', 'cancelled', NULL, 'released', '1 hour', '{pending,cancelled}');
SELECT world.captured('F', 'refunded', false);
INSERT INTO payments.disputes (id, gateway_id, reference, payment_id, order_id, amount, currency, status, outcome, due_at,
    due_source, taken, charged_to, opened_at, resolved_at, created_at, updated_at)
VALUES (world.id('dispute'), '7', 'AGP-F-1', world.id('PF'), world.id('F'), 1000, 'NGN', 'resolved', 'lost', now(), 'provider',
    1000, 'suspense', now(), now(), now(), now() - interval '1 hour');
SELECT world.book('bF', 'chargeback', world.id('dispute'), world.id('PF'), NULL, 'suspense', 'gateway_clearing', 1000);

INSERT INTO payments.settlements (id, gateway_id, status, currency, processed, fees, deductions, effective, settles_at,
    settlement_date, gateway_created_at, revision, done_revision, next_page, transactions, booked, expected, created_at, updated_at)
VALUES (world.id('settlement'), '9', 'success', 'NGN', 1000, 15, 0, 985, now(), now(), now(), 1, 1, NULL, 1, 985, 985, now(), now());
INSERT INTO payments.settlement_bookings (id, settlement_id, number, amount, booked_at)
VALUES (world.id('payout'), world.id('settlement'), 1, 985, now());
SELECT world.book('payout', 'settlement', world.id('payout'), NULL, NULL, 'bank', 'gateway_clearing', 985);

-- Last night's comparison found one thing, which people have yet to look at.
INSERT INTO payments.reconciliation_runs (id, business_date, kind, phase, window_from, window_to, started_at, finished_at)
VALUES (world.id('run'), now(), 'nightly', 'done', now() - interval '4 days', now(), now(), now());
INSERT INTO payments.reconciliation_mismatches (id, run_id, class, subject, remedy, state, found_at)
VALUES (world.id('mismatch'), world.id('run'), 'missing-local', '1', 'people', 'open', now());
INSERT INTO payments.attention_items (id, kind, subject_id, facts, opened_at)
VALUES (world.id('asked'), 'reconciliation', world.id('mismatch'), '{}', now());
INSERT INTO payments.outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, schema_version, payload, created_at,
    published_at)
VALUES (world.id('run'), 'reconciliation_run', world.id('run'), 1, 'reconciliation.completed', 1,
    jsonb_build_object('data', jsonb_build_object('runId', world.id('run'))), now(), now());

INSERT INTO auth.users (id, email, name, password_hash, password_changed_at, role, created_at, updated_at)
VALUES (world.id('buyer'), 'ada@example.com', 'Ada', 'x', now(), 'customer', now(), now());
INSERT INTO auth.sessions (id, user_id, device_info, ip_address, user_agent, mfa, created_at, last_used_at, expires_at)
VALUES (world.id('session'), world.id('buyer'), 'x', 'x', 'x', false, now(), now(), now() + interval '1 day');
INSERT INTO auth.refresh_tokens (id, session_id, parent_id, token_hash, issued_at, expires_at, used_at, used_by_ip, used_by_user_agent_hash)
VALUES (world.id('t1'), world.id('session'), NULL, sha256('1'), now(), now() + interval '1 day', now(), 'x', '\x00'),
    (world.id('t2'), world.id('session'), world.id('t1'), sha256('2'), now(), now() + interval '1 day', NULL, NULL, NULL);
COMMIT;
