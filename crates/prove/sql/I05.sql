-- No hold outlives its time by a minute.
-- Only at rest: what is due is done by a job, a moment later.
SELECT order_id, variant_id, expires_at FROM reservations
WHERE state = 'active' AND expires_at < now() - interval '60 seconds'
