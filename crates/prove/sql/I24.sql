-- A key makes one thing, and the same thing is answered for it each time.
SELECT service || ' ' || principal || ' ' || operation || ' ' || key AS what, count(*) AS number FROM idempotency_keys_all
GROUP BY service, principal, operation, key HAVING count(*) > 1
UNION ALL
SELECT k.key, 0 FROM idempotency_keys_all k
WHERE k.service = 'orders' AND k.operation = 'POST /api/v1/orders' AND k.state = 'done'
    AND NOT EXISTS (SELECT FROM orders o WHERE o.id = k.resource_id)
UNION ALL
SELECT idem_key, count(DISTINCT (order_id, body_sha256)) FROM client_ops
WHERE http_status = 201 GROUP BY idem_key HAVING count(DISTINCT (order_id, body_sha256)) > 1
