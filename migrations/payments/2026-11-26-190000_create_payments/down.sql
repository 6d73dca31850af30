DROP TABLE ledger_entries;
DROP TABLE ledger_transactions;
DROP FUNCTION ledger_must_balance();
DROP FUNCTION ledger_refuse_change();
DROP TABLE attention_items;
DROP TABLE webhook_events;
DROP TABLE refunds;
DROP TABLE payments;
