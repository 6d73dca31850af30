-- Each refund of ours is made once at the provider, which makes none that we do not know and takes for disputes what we booked.
-- Needs: provider
-- Only at rest: the provider knows first what it gives back.
SELECT coalesce(g.gateway_id, r.gateway_id) AS refund, count(DISTINCT r.id) AS ours, count(DISTINCT g.gateway_id) AS theirs
FROM refunds r FULL JOIN (SELECT * FROM gw_refunds WHERE dispute IS NULL) g ON g.gateway_id = r.gateway_id
WHERE r.status = 'processed' OR g.gateway_id IS NOT NULL
GROUP BY coalesce(g.gateway_id, r.gateway_id) HAVING count(DISTINCT r.id) <> 1 OR count(g.gateway_id) <> 1
    OR bool_or(r.amount <> g.amount)
UNION ALL
SELECT 'dispute ' || coalesce(g.dispute, d.gateway_id), coalesce(d.taken, 0), coalesce(g.taken, 0)
FROM (SELECT * FROM disputes WHERE is_gone) d FULL JOIN (
    SELECT dispute, sum(amount) AS taken FROM gw_refunds WHERE dispute IS NOT NULL AND status = 'processed' GROUP BY dispute
) g ON g.dispute = d.gateway_id
WHERE d.taken IS DISTINCT FROM g.taken AND d.is_quiet IS NOT FALSE
