-- One confirmation has left the house for each sold order and none for any other; and no mail that we do not know.
-- Needs: mail
-- Only at rest: a mail leaves after its order was sold.
SELECT o.id::text AS what, count(s.provider_id) AS mails FROM orders o
LEFT JOIN messages m ON m.order_id = o.id AND m.template = 'order_confirmation' AND m.resend_of IS NULL
LEFT JOIN mail_sink s ON s.provider_id = m.provider_id
-- Who was forgotten, or whose address refuses our mail, gets none; after ninety days nobody knows any more.
WHERE o.is_quiet AND o.updated_at > now() - interval '89 days' AND m.status IS DISTINCT FROM 'cancelled'
    AND m.status IS DISTINCT FROM 'failed'
GROUP BY o.id, o.is_sold HAVING count(s.provider_id) <> CASE WHEN o.is_sold THEN 1 ELSE 0 END
UNION ALL
SELECT s.provider_id, count(*) FROM mail_sink s
WHERE NOT EXISTS (SELECT FROM messages m WHERE m.provider_id = s.provider_id) GROUP BY s.provider_id
