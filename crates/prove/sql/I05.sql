-- No hold outlives its time by a minute.
SELECT order_id, variant_id, expires_at FROM reservations
WHERE state = 'active' AND expires_at < now() - interval '60 seconds'
