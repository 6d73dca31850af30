-- What is on hand is what its movements add up to.
SELECT s.variant_id, s.on_hand, coalesce(sum(m.delta), 0) AS moved
FROM stock_items s LEFT JOIN movements m USING (variant_id)
GROUP BY s.variant_id, s.on_hand HAVING s.on_hand <> coalesce(sum(m.delta), 0)
