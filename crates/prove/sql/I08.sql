-- What the provider has taken and what we call paid is the same, in amount and currency.
-- Needs: provider
-- Only at rest: the provider knows first what it took.
SELECT coalesce(g.gateway_ref, p.gateway_ref) AS reference, g.is_captured, p.status, g.amount AS taken, p.amount AS known,
    g.currency AS taken_currency, p.currency AS known_currency
FROM gw_transactions g FULL JOIN payments p ON p.gateway_ref = g.gateway_ref
WHERE g.is_captured AND (p.id IS NULL OR p.is_quiet AND (
        NOT p.is_captured OR p.amount <> g.amount OR p.currency <> g.currency))
    OR p.is_captured AND g.is_captured IS NOT TRUE
