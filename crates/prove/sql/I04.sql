-- Each sold line has its one movement of its quantity, and no other line has one.
SELECT r.order_id, r.variant_id, r.state, count(m.seq) AS movements, coalesce(sum(m.delta), 0) AS moved
FROM reservations r
LEFT JOIN movements m ON m.order_id = r.order_id AND m.variant_id = r.variant_id AND m.kind = 'commit'
GROUP BY r.order_id, r.variant_id, r.state, r.quantity
HAVING r.state = 'committed' AND (count(m.seq) <> 1 OR sum(m.delta) <> -r.quantity)
    OR r.state <> 'committed' AND count(m.seq) > 0
UNION ALL
SELECT m.order_id, m.variant_id, 'orphan', 1, m.delta FROM movements m
WHERE m.kind = 'commit' AND NOT EXISTS (
    SELECT FROM reservations r WHERE r.order_id = m.order_id AND r.variant_id = m.variant_id
)
