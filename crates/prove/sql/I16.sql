-- What happens once happens once: each event at each consumer, each booking, each movement, each mail.
SELECT 'inbox ' || consumer || ' ' || event_id AS what, count(*) AS times FROM inbox_all
GROUP BY consumer, event_id HAVING count(*) > 1
UNION ALL
SELECT 'event ' || id, count(*) FROM outbox_all GROUP BY id HAVING count(*) > 1
UNION ALL
SELECT 'booking ' || kind || ' ' || subject_id, count(*) FROM ledger_transactions
WHERE kind NOT IN ('refund_returned', 'refund_reinstated') GROUP BY kind, subject_id HAVING count(*) > 1
UNION ALL
SELECT 'return ' || refund_id || ' ' || variant_id, count(*) FROM movements
WHERE kind = 'return' GROUP BY refund_id, variant_id HAVING count(*) > 1
UNION ALL
SELECT 'mail ' || idempotency_key, count(*) FROM mail_sink
WHERE idempotency_key IS NOT NULL GROUP BY idempotency_key HAVING count(*) > 1
UNION ALL
SELECT 'wish ' || dedupe_key, count(*) FROM messages GROUP BY dedupe_key HAVING count(*) > 1
