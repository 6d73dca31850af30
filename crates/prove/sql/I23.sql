-- Each webhook is written once; what one was applied to is paid; and what is paid was confirmed by the provider.
SELECT event_key AS what, count(*) AS number FROM webhook_events GROUP BY event_key HAVING count(*) > 1
UNION ALL
SELECT p.gateway_ref, count(*) FROM webhook_events w JOIN payments p USING (gateway_ref)
WHERE w.event_type = 'charge.success' AND w.outcome = 'applied' AND NOT p.is_captured GROUP BY p.gateway_ref
UNION ALL
SELECT gateway_ref, 0 FROM payments WHERE is_captured AND gateway_id IS NULL
