-- The books take what the provider pays out, the fees that it tells of later, and what a buyer's bank takes back; people are
-- asked about all three. Additive: the previous release writes none of the new words and reads none of them.

ALTER TABLE ledger_entries
    DROP CONSTRAINT ledger_entries_account_known,
    ADD CONSTRAINT ledger_entries_account_known CHECK (
        account IN ('gateway_clearing', 'suspense', 'sales', 'fee_surcharge', 'refunds', 'refunds_payable', 'fees',
            'bank', 'chargebacks')
    );

ALTER TABLE ledger_transactions
    DROP CONSTRAINT ledger_transactions_kind_known,
    ADD CONSTRAINT ledger_transactions_kind_known CHECK (
        kind IN ('capture', 'keep', 'refund_requested', 'refund_processed', 'refund_failed', 'refund_returned',
            'refund_reinstated', 'fees', 'settlement', 'chargeback', 'chargeback_returned')
    ),
    -- A settlement pays out many payments at once.
    ALTER COLUMN payment_id DROP NOT NULL,
    ADD CONSTRAINT ledger_transactions_payment_named CHECK ((payment_id IS NULL) = (kind = 'settlement'));

ALTER TABLE attention_items
    DROP CONSTRAINT attention_items_kind_known,
    ADD CONSTRAINT attention_items_kind_known CHECK (
        kind IN ('mismatch', 'reversed', 'alien_answer', 'unknown_reference', 'unconfirmed', 'unclaimed',
            'contradicting_event', 'contradicting_refund', 'refund_failed', 'refund_stopped', 'refund_returned',
            'refund_needs_attention', 'external_refund', 'kept_twice',
            'reconciliation', 'settlement', 'dispute', 'dispute_deadline')
    );
