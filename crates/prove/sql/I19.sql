-- Nothing is stuck.
-- Only at rest: it is the time that has passed which says that something is stuck.
SELECT 'order' AS what, id::text FROM orders WHERE status = 'pending' AND expires_at < now() - interval '2 minutes'
UNION ALL
SELECT 'settling order', id::text FROM orders WHERE settling_payment_id IS NOT NULL AND updated_at < now() - interval '2 minutes'
UNION ALL
SELECT 'unallocated', o.id::text FROM orders o WHERE o.status = 'paid_unallocated'
    AND o.updated_at < now() - interval '15 minutes'
    AND NOT EXISTS (SELECT FROM given_back r WHERE r.order_id = o.id)
    AND NOT EXISTS (SELECT FROM payments p WHERE p.order_id = o.id AND p.is_seen_to)
UNION ALL
-- Somebody who begins to pay is looked after until it is known what came of it.
SELECT 'payment', id::text FROM payments WHERE status IN ('initialized', 'pending') AND NOT is_superseded
    AND (next_check_at IS NULL OR next_check_at < now() - interval '5 minutes')
UNION ALL
SELECT 'refund', r.id::text FROM refunds r WHERE r.status = 'requested' AND r.created_at < now() - interval '5 minutes'
    AND (r.next_attempt_at IS NULL OR r.next_attempt_at < now() - interval '5 minutes')
UNION ALL
-- One about a payment that is not known may wait for it; nobody may be late in looking.
SELECT 'webhook', id::text FROM webhook_events WHERE status = 'received' AND next_attempt_at < now() - interval '5 minutes'
UNION ALL
SELECT 'key', service || ' ' || operation || ' ' || key FROM idempotency_keys_all
WHERE state = 'in_progress' AND claimed_at < now() - interval '2 minutes'
UNION ALL
SELECT 'mail', id::text FROM messages WHERE status IN ('pending', 'sending') AND next_attempt_at < now() - interval '5 minutes'
UNION ALL
SELECT 'reminder of a dispute', id::text FROM disputes WHERE outcome IS NULL AND remind_at < now() - interval '5 minutes'
UNION ALL
SELECT 'settlement', id::text FROM settlements WHERE is_open AND updated_at < now() - interval '1 day'
