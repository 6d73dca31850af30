-- Each refund of ours is made once at the provider, and the provider makes none that we do not know.
-- Needs: provider
-- Only at rest: the provider knows first what it gives back.
SELECT coalesce(g.gateway_id, r.gateway_id) AS refund, count(DISTINCT r.id) AS ours, count(DISTINCT g.gateway_id) AS theirs
FROM refunds r FULL JOIN gw_refunds g ON g.gateway_id = r.gateway_id
WHERE r.status = 'processed' OR g.gateway_id IS NOT NULL
GROUP BY coalesce(g.gateway_id, r.gateway_id) HAVING count(DISTINCT r.id) <> 1 OR count(g.gateway_id) <> 1
    OR bool_or(r.amount <> g.amount)
