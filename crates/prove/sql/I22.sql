-- Each capture and each refund is in the audit once.
SELECT 'capture' AS what, p.id FROM payments p WHERE p.is_captured AND (
    SELECT count(*) FROM audit_all a WHERE a.action = 'payment.captured' AND a.entity_id = p.id::text) <> 1
UNION ALL
SELECT 'keep', p.id FROM payments p WHERE p.kept AND (
    SELECT count(*) FROM audit_all a WHERE a.action = 'payment.kept' AND a.entity_id = p.id::text) <> 1
UNION ALL
SELECT 'refund', r.id FROM refunds r WHERE (
    SELECT count(*) FROM audit_all a WHERE a.action = 'refund.requested' AND a.entity_id = r.id::text) <> 1
