-- Each transaction of the books balances; and the books hold what was captured less what went back.
SELECT t.id::text AS what, coalesce(sum(e.amount), 1) AS off FROM ledger_transactions t
LEFT JOIN ledger_entries e ON e.transaction_id = t.id
GROUP BY t.id, e.currency HAVING coalesce(sum(e.amount), 1) <> 0
UNION ALL
-- Payouts, later fees and chargebacks move what was captured elsewhere; they are left out.
SELECT 'captured ' || currency, coalesce(l.booked, 0) - coalesce(p.expected, 0) FROM (
    SELECT currency, sum(amount) AS booked FROM ledger_entries
    WHERE account IN ('gateway_clearing', 'fees') AND (kind IN ('capture', 'keep', 'fees') OR kind LIKE 'refund%')
    GROUP BY currency
) l FULL JOIN (
    SELECT p.currency, sum(p.amount - coalesce(r.back, 0)) AS expected FROM payments p
    LEFT JOIN (
        SELECT payment_id, sum(amount) AS back FROM refunds WHERE status = 'processed' GROUP BY payment_id
    ) r ON r.payment_id = p.id
    WHERE p.is_captured GROUP BY p.currency
) p USING (currency)
WHERE coalesce(l.booked, 0) <> coalesce(p.expected, 0)
UNION ALL
SELECT 'owed', l.owed - r.expected FROM
    (SELECT coalesce(-sum(amount), 0) AS owed FROM ledger_entries WHERE account = 'refunds_payable' AND kind LIKE 'refund%') l,
    (SELECT coalesce(sum(amount), 0) AS expected FROM refunds WHERE status NOT IN ('processed', 'failed')) r
WHERE l.owed <> r.expected
UNION ALL
SELECT 'suspense', l.held - p.expected FROM
    (SELECT coalesce(-sum(amount), 0) AS held FROM ledger_entries
     WHERE account = 'suspense' AND (kind IN ('capture', 'keep') OR kind LIKE 'refund%')) l,
    (SELECT coalesce(sum(p.amount - coalesce(r.taken, 0)), 0) AS expected FROM payments p
     LEFT JOIN (
         SELECT payment_id, sum(amount) AS taken FROM refunds WHERE status <> 'failed' GROUP BY payment_id
     ) r ON r.payment_id = p.id
     WHERE p.is_captured AND NOT p.kept) p
WHERE l.held <> p.expected
UNION ALL
SELECT p.id::text, 0 FROM payments p
LEFT JOIN ledger_transactions t ON t.payment_id = p.id AND t.kind IN ('capture', 'keep')
GROUP BY p.id, p.is_captured, p.kept
HAVING count(*) FILTER (WHERE t.kind = 'capture') <> CASE WHEN p.is_captured THEN 1 ELSE 0 END
    OR count(*) FILTER (WHERE t.kind = 'keep') <> CASE WHEN p.kept THEN 1 ELSE 0 END
