-- An order's history is one chain of steps that are allowed, and ends where the order is.
-- A remark leaves the status as it is.
WITH steps AS (
    SELECT *, lag(to_status) OVER (PARTITION BY order_id ORDER BY version) AS before,
        row_number() OVER (PARTITION BY order_id ORDER BY version DESC) AS from_end
    FROM order_status_history
)
SELECT order_id, version, from_status, to_status FROM steps
WHERE from_status IS DISTINCT FROM before
    OR from_status IS DISTINCT FROM to_status AND (coalesce(from_status, ''), to_status) NOT IN (
    ('', 'pending'), ('pending', 'processing'), ('pending', 'cancelled'), ('pending', 'expired'),
    ('pending', 'paid_unallocated'), ('expired', 'processing'), ('expired', 'paid_unallocated'),
    ('paid_unallocated', 'refunded'), ('processing', 'shipped'), ('processing', 'refunded'), ('shipped', 'delivered'),
    ('shipped', 'refunded'), ('delivered', 'refunded')
)
UNION ALL
SELECT o.id, 0, o.status, s.to_status FROM orders o LEFT JOIN steps s ON s.order_id = o.id AND s.from_end = 1
WHERE s.to_status IS DISTINCT FROM o.status
