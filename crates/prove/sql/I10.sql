-- No more goes back than was paid, counting what is on its way, and the payment's status says how much.
SELECT p.id, p.status, p.amount, coalesce(sum(r.amount), 0) AS taken FROM payments p
LEFT JOIN given_back r ON r.payment_id = p.id
WHERE p.is_captured GROUP BY p.id, p.status, p.amount HAVING coalesce(sum(r.amount), 0) > p.amount
UNION ALL
-- Where a bank gave something back after it had arrived, the status stays what it had been.
SELECT p.id, p.status, p.amount, coalesce(sum(r.amount), 0) FROM payments p
LEFT JOIN given_back r ON r.payment_id = p.id AND r.is_there
WHERE p.is_captured AND NOT EXISTS (
    SELECT FROM ledger_transactions t WHERE t.payment_id = p.id AND t.kind IN ('refund_returned', 'chargeback_returned')
)
GROUP BY p.id, p.status, p.amount
HAVING p.status <> CASE WHEN coalesce(sum(r.amount), 0) = 0 THEN 'paid'
    WHEN sum(r.amount) < p.amount THEN 'partially_refunded' ELSE 'refunded' END
UNION ALL
SELECT r.payment_id, 'not paid', 0, r.amount FROM refunds r JOIN payments p ON p.id = r.payment_id WHERE NOT p.is_captured
