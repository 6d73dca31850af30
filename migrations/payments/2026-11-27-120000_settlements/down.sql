DROP INDEX ledger_transactions_gone_back;
DROP TABLE bank_credits, settlement_pull, settlement_bookings, settlement_transactions, settlements;

DROP INDEX attention_items_newest, attention_items_newest_of_kind, attention_items_newest_open;

ALTER TABLE attention_items
    DROP CONSTRAINT attention_items_note_length,
    DROP CONSTRAINT attention_items_closer_says_why,
    DROP CONSTRAINT attention_items_only_closed_by_somebody,
    DROP COLUMN note,
    DROP COLUMN closed_by;
