-- What was acknowledged is there; what was refused for good is not.
-- Needs: clients
-- Only at rest: those who ordered know more than a snapshot of an earlier moment.
SELECT c.op_id, c.http_status, 'acknowledged and gone' AS what FROM client_ops c LEFT JOIN orders o ON o.id = c.order_id
WHERE c.http_status = 201 AND o.id IS NULL
UNION ALL
SELECT c.op_id, c.http_status, 'refused and there' FROM client_ops c
JOIN idempotency_keys_all k ON k.service = 'orders' AND k.key = c.idem_key AND k.operation = 'POST /api/v1/orders'
JOIN orders o ON o.id = k.resource_id
WHERE c.http_status IN (400, 401, 403, 404, 422) AND NOT EXISTS (
    SELECT FROM client_ops x WHERE x.idem_key = c.idem_key AND (x.http_status IS NULL OR x.http_status IN (201, 500, 503))
)
