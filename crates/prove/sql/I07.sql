-- One capture is kept for each sold order and none for any other; every other capture goes back.
-- Only at rest: orders and payments agree once their events have arrived.
SELECT o.id, o.status AS what, count(p.id) AS number FROM orders o
LEFT JOIN payments p ON p.order_id = o.id AND p.kept AND p.is_captured
WHERE o.is_quiet GROUP BY o.id, o.status, o.is_sold, o.is_free
HAVING count(p.id) <> CASE WHEN o.is_sold AND o.is_free IS NOT TRUE THEN 1 ELSE 0 END
UNION ALL
SELECT o.id, 'the kept capture is not the one that settled it', 1 FROM orders o
JOIN payments p ON p.order_id = o.id AND p.kept WHERE o.is_quiet AND p.id IS DISTINCT FROM o.settled_payment_id AND o.is_sold
UNION ALL
SELECT p.id, 'a capture that is not kept does not go back', p.amount - coalesce(sum(r.amount), 0) FROM payments p
LEFT JOIN given_back r ON r.payment_id = p.id
WHERE p.is_captured AND NOT p.kept AND p.is_quiet AND NOT p.is_seen_to
GROUP BY p.id, p.amount HAVING coalesce(sum(r.amount), 0) <> p.amount
