-- Each sold order has one invoice and no other has one; each series of a year counts from one without gaps.
-- Only at rest: an invoice gets its number after its order was sold.
SELECT o.id::text AS what, count(d.order_id) FILTER (WHERE d.sequence IS NOT NULL) AS number FROM orders o
LEFT JOIN documents d ON d.order_id = o.id AND d.kind = 'invoice'
WHERE o.is_quiet GROUP BY o.id, o.is_sold
HAVING count(d.order_id) FILTER (WHERE d.sequence IS NOT NULL) <> CASE WHEN o.is_sold THEN 1 ELSE 0 END
UNION ALL
SELECT 'series ' || d.series || ' ' || d.year, max(d.sequence) - count(*) FROM documents d
LEFT JOIN document_counters c ON c.series = d.series AND c.year = d.year
WHERE d.sequence IS NOT NULL GROUP BY d.series, d.year, c.last
HAVING min(d.sequence) <> 1 OR max(d.sequence) <> count(*) OR count(DISTINCT d.sequence) <> count(*)
    OR c.last IS DISTINCT FROM max(d.sequence)
