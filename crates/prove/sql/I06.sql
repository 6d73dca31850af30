-- A sold order has all of its lines from the shelf and holds nothing beside them; one that ended unsold has and holds nothing.
-- Only at rest: orders and stock agree once their events have arrived.
SELECT o.id, o.status, l.variant_id, l.quantity, coalesce(r.committed, 0) AS committed, coalesce(r.active, 0) AS active
FROM orders o JOIN order_lines l ON l.order_id = o.id
LEFT JOIN (
    SELECT order_id, variant_id, sum(quantity) FILTER (WHERE state = 'committed') AS committed,
        sum(quantity) FILTER (WHERE state = 'active') AS active
    FROM reservations GROUP BY order_id, variant_id
) r ON r.order_id = o.id AND r.variant_id = l.variant_id
WHERE o.is_quiet AND (
    o.is_sold AND (coalesce(r.committed, 0) <> l.quantity OR coalesce(r.active, 0) <> 0)
    OR (o.status IN ('cancelled', 'expired') OR o.is_unallocated)
        AND (coalesce(r.committed, 0) <> 0 OR coalesce(r.active, 0) <> 0)
    OR o.status = 'pending' AND o.settling_payment_id IS NULL AND coalesce(r.committed, 0) <> 0
)
UNION ALL
SELECT r.order_id, 'no order', r.variant_id, 0, r.quantity, 0
FROM reservations r WHERE r.state = 'committed' AND NOT EXISTS (SELECT FROM orders o WHERE o.id = r.order_id)
