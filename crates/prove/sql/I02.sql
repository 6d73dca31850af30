-- What is reserved is what active reservations hold.
SELECT s.variant_id, s.reserved, coalesce(r.held, 0) AS held
FROM stock_items s LEFT JOIN (
    SELECT variant_id, sum(quantity) AS held FROM reservations WHERE state = 'active' GROUP BY variant_id
) r USING (variant_id)
WHERE s.reserved <> coalesce(r.held, 0)
