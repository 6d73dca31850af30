-- Lines make the subtotal, the subtotal makes the total, and the total is what the kept payment was for.
SELECT o.id, o.subtotal, l.sum AS lines, o.total, p.due FROM orders o
JOIN (
    SELECT order_id, sum(line_total) AS sum, bool_or(line_total <> quantity * unit_price OR quantity < 1 OR unit_price < 0) AS is_bad
    FROM order_lines GROUP BY order_id
) l ON l.order_id = o.id
LEFT JOIN payments p ON p.order_id = o.id AND p.kept
WHERE l.is_bad OR l.sum <> o.subtotal OR o.total < 0
    OR o.total <> o.subtotal - o.discount + o.shipping + CASE WHEN o.prices_include_tax THEN 0 ELSE o.tax END
    OR p.due <> o.total OR p.due_currency <> o.currency
UNION ALL
SELECT o.id, o.subtotal, NULL, o.total, NULL FROM orders o
WHERE NOT EXISTS (SELECT FROM order_lines l WHERE l.order_id = o.id)
