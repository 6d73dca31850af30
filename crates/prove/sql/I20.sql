-- Nobody's money is kept without goods: what the provider took for an order that is not sold goes back.
-- Needs: provider
-- Only at rest: money goes back after the order ended.
SELECT g.gateway_ref, o.status, g.amount, coalesce(sum(r.amount), 0) AS goes_back FROM gw_transactions g
JOIN payments p USING (gateway_ref) JOIN orders o ON o.id = p.order_id
LEFT JOIN given_back r ON r.payment_id = p.id
WHERE g.is_captured AND NOT o.is_sold AND o.is_quiet AND p.is_quiet AND NOT p.is_seen_to
GROUP BY g.gateway_ref, o.status, g.amount HAVING coalesce(sum(r.amount), 0) <> g.amount
