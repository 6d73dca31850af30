-- Each transaction of the books balances; and the books hold what was captured less what went back.
SELECT t.id::text AS what, coalesce(sum(e.amount), 1) AS off FROM ledger_transactions t
LEFT JOIN ledger_entries e ON e.transaction_id = t.id
GROUP BY t.id, e.currency HAVING coalesce(sum(e.amount), 1) <> 0
UNION ALL
-- With the provider, paid out, or kept by the provider: fees and payouts move it from one to the other.
SELECT 'captured ' || currency, coalesce(l.booked, 0) - coalesce(p.expected, 0) FROM (
    SELECT currency, sum(amount) AS booked FROM ledger_entries
    WHERE account IN ('gateway_clearing', 'bank', 'fees') GROUP BY currency
) l FULL JOIN (
    SELECT p.currency, sum(p.amount - coalesce(r.back, 0)) AS expected FROM payments p
    LEFT JOIN (
        SELECT payment_id, sum(amount) AS back FROM given_back WHERE is_there GROUP BY payment_id
    ) r ON r.payment_id = p.id
    WHERE p.is_captured GROUP BY p.currency
) p USING (currency)
WHERE coalesce(l.booked, 0) <> coalesce(p.expected, 0)
UNION ALL
SELECT 'owed', l.owed - r.expected FROM
    (SELECT coalesce(-sum(amount), 0) AS owed FROM ledger_entries WHERE account = 'refunds_payable') l,
    (SELECT coalesce(sum(amount), 0) AS expected FROM refunds WHERE status NOT IN ('processed', 'failed')) r
WHERE l.owed <> r.expected
UNION ALL
SELECT 'suspense', l.held - p.expected FROM
    (SELECT coalesce(-sum(amount), 0) AS held FROM ledger_entries WHERE account = 'suspense') l,
    (SELECT coalesce(sum(p.amount - coalesce(r.back, 0)), 0) AS expected FROM payments p
     LEFT JOIN (SELECT payment_id, sum(amount) AS back FROM given_back GROUP BY payment_id) r ON r.payment_id = p.id
     WHERE p.is_captured AND NOT p.kept) p
WHERE l.held <> p.expected
UNION ALL
SELECT p.id::text, 0 FROM payments p
LEFT JOIN ledger_transactions t ON t.payment_id = p.id AND t.kind IN ('capture', 'keep')
GROUP BY p.id, p.is_captured, p.kept
HAVING count(*) FILTER (WHERE t.kind = 'capture') <> CASE WHEN p.is_captured THEN 1 ELSE 0 END
    OR count(*) FILTER (WHERE t.kind = 'keep') <> CASE WHEN p.kept THEN 1 ELSE 0 END
UNION ALL
-- What a dispute took is booked once, and given back once.
SELECT 'dispute ' || d.id, coalesce(d.taken, 0) FROM disputes d
LEFT JOIN ledger_transactions t ON t.subject_id = d.id AND t.kind IN ('chargeback', 'chargeback_returned')
GROUP BY d.id, d.taken, d.is_returned
HAVING count(*) FILTER (WHERE t.kind = 'chargeback') <> CASE WHEN d.taken IS NULL THEN 0 ELSE 1 END
    OR count(*) FILTER (WHERE t.kind = 'chargeback_returned') <> CASE WHEN d.is_returned THEN 1 ELSE 0 END
UNION ALL
-- What was paid out is in the bank by the books, each time that it was.
SELECT 'settlement ' || s.id, s.booked - coalesce(sum(e.amount), 0) FROM settlements s
LEFT JOIN settlement_bookings b ON b.settlement_id = s.id
LEFT JOIN ledger_transactions t ON t.subject_id = b.id AND t.kind = 'settlement'
LEFT JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'bank'
GROUP BY s.id, s.booked HAVING s.booked <> coalesce(sum(e.amount), 0)
