-- Undoes up.sql completely; refused while there are rows that only it allows.

ALTER TABLE attention_items
    DROP CONSTRAINT attention_items_kind_known,
    ADD CONSTRAINT attention_items_kind_known CHECK (
        kind IN ('mismatch', 'reversed', 'alien_answer', 'unknown_reference', 'unconfirmed', 'unclaimed',
            'contradicting_event', 'contradicting_refund', 'refund_failed', 'refund_stopped', 'refund_returned',
            'refund_needs_attention', 'external_refund', 'kept_twice')
    );

ALTER TABLE ledger_transactions
    DROP CONSTRAINT ledger_transactions_payment_named,
    ALTER COLUMN payment_id SET NOT NULL,
    DROP CONSTRAINT ledger_transactions_kind_known,
    ADD CONSTRAINT ledger_transactions_kind_known CHECK (
        kind IN ('capture', 'keep', 'refund_requested', 'refund_processed', 'refund_failed', 'refund_returned',
            'refund_reinstated')
    );

ALTER TABLE ledger_entries
    DROP CONSTRAINT ledger_entries_account_known,
    ADD CONSTRAINT ledger_entries_account_known CHECK (
        account IN ('gateway_clearing', 'suspense', 'sales', 'fee_surcharge', 'refunds', 'refunds_payable', 'fees')
    );
