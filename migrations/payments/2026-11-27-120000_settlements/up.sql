-- People see what waits for them, newest first, and say what became of it.

ALTER TABLE attention_items
    -- What the person who closed it has to say.
    ADD COLUMN note text,
    ADD COLUMN closed_by uuid,
    ADD CONSTRAINT attention_items_note_length CHECK (length(note) BETWEEN 1 AND 500),
    ADD CONSTRAINT attention_items_closer_says_why CHECK ((note IS NULL) = (closed_by IS NULL)),
    ADD CONSTRAINT attention_items_only_closed_by_somebody CHECK (closed_by IS NULL OR closed_at IS NOT NULL);

CREATE INDEX attention_items_newest ON attention_items (opened_at DESC, id DESC);
CREATE INDEX attention_items_newest_of_kind ON attention_items (kind, opened_at DESC, id DESC);
CREATE INDEX attention_items_newest_open ON attention_items (opened_at DESC, id DESC) WHERE closed_at IS NULL;

-- What the provider pays out to the shop, what the books say of it, and what the shop's bank shows.

CREATE TABLE settlements (
    id uuid PRIMARY KEY,
    -- The provider's number for it.
    gateway_id text NOT NULL,
    status text NOT NULL,
    -- As the provider names it, which may be none of the shop's.
    currency text NOT NULL,
    -- What buyers paid, what the provider keeps, what it holds back for refunds and chargebacks, and what it pays out.
    processed numeric(14, 2) NOT NULL,
    fees numeric(14, 2) NOT NULL,
    deductions numeric(14, 2) NOT NULL,
    effective numeric(14, 2) NOT NULL,
    -- When it is paid out, by the provider; and the same day by itself, which is what the provider means by it.
    settles_at timestamptz NOT NULL,
    settlement_date date NOT NULL,
    -- When the provider made it.
    gateway_created_at timestamptz NOT NULL,
    -- How often it was told anew, and which of these was brought into the books.
    revision integer NOT NULL DEFAULT 1,
    done_revision integer NOT NULL DEFAULT 0,
    -- The page of its transactions that is asked for next; none once all are here.
    next_page integer DEFAULT 1,
    transactions bigint NOT NULL DEFAULT 0,
    -- What of it stands in the books as paid out.
    booked numeric(14, 2) NOT NULL DEFAULT 0,
    -- What would have been paid out by our books, and what of the deductions they explain; none until it was paid out.
    expected numeric(14, 2),
    deductions_explained numeric(14, 2) NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT settlements_gateway_id_unique UNIQUE (gateway_id),
    CONSTRAINT settlements_gateway_id_digits CHECK (gateway_id ~ '^[0-9]{1,20}$'),
    CONSTRAINT settlements_status_known CHECK (status IN ('pending', 'processing', 'success', 'failed')),
    CONSTRAINT settlements_currency_code CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT settlements_sums_not_negative CHECK (
        processed >= 0 AND fees >= 0 AND deductions >= 0 AND effective >= 0 AND booked >= 0
    ),
    CONSTRAINT settlements_explained_is_part CHECK (deductions_explained BETWEEN 0 AND deductions),
    CONSTRAINT settlements_done_was_told CHECK (done_revision BETWEEN 0 AND revision),
    CONSTRAINT settlements_page_counts CHECK (next_page >= 1)
);

-- Lists, newest first, and the sums of a day.
CREATE INDEX settlements_newest ON settlements (settlement_date DESC, id DESC);
-- What the worker looks for: what is not in the books yet, and what has not ended at the provider.
CREATE INDEX settlements_to_do ON settlements (id) WHERE done_revision < revision;
CREATE INDEX settlements_open ON settlements (gateway_created_at) WHERE status IN ('pending', 'processing');
-- What the bank's credits are compared with, and what deductions were explained.
CREATE INDEX settlements_paid_out ON settlements (currency, effective) INCLUDE (deductions_explained) WHERE status = 'success';

CREATE TABLE settlement_transactions (
    settlement_id uuid NOT NULL REFERENCES settlements (id),
    -- The provider's number for it.
    gateway_id text NOT NULL,
    reference text NOT NULL,
    amount numeric(14, 2) NOT NULL,
    currency text NOT NULL,
    fees numeric(14, 2),
    -- None if no payment of ours has the reference.
    payment_id uuid REFERENCES payments (id),
    -- The last revision of the settlement that it was part of.
    revision integer NOT NULL,
    -- The payment knows what follows from it.
    is_applied boolean NOT NULL DEFAULT false,
    PRIMARY KEY (settlement_id, gateway_id),
    CONSTRAINT settlement_transactions_amount_positive CHECK (amount > 0)
);

CREATE INDEX settlement_transactions_by_payment ON settlement_transactions (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX settlement_transactions_to_apply ON settlement_transactions (settlement_id, payment_id)
    WHERE NOT is_applied AND payment_id IS NOT NULL;

-- What was booked about a settlement: paid out, or taken back. The books name it.
CREATE TABLE settlement_bookings (
    id uuid PRIMARY KEY,
    settlement_id uuid NOT NULL REFERENCES settlements (id),
    number integer NOT NULL,
    -- What was paid out is positive, what was taken back negative.
    amount numeric(14, 2) NOT NULL,
    booked_at timestamptz NOT NULL,
    CONSTRAINT settlement_bookings_number_unique UNIQUE (settlement_id, number),
    CONSTRAINT settlement_bookings_amount_counts CHECK (amount <> 0)
);

-- How far the provider's list was read. One row.
CREATE TABLE settlement_pull (
    id boolean PRIMARY KEY DEFAULT true,
    -- Everything that was made before is here.
    listed_to timestamptz,
    -- The part of the list that is being read, and the page that comes next.
    window_from timestamptz,
    window_to timestamptz,
    next_page integer,
    finished_at timestamptz,
    CONSTRAINT settlement_pull_is_one CHECK (id),
    CONSTRAINT settlement_pull_window_whole CHECK (
        (window_from IS NULL) = (window_to IS NULL) AND (window_from IS NULL) = (next_page IS NULL)
    )
);
INSERT INTO settlement_pull DEFAULT VALUES;

-- What the shop's bank shows as coming from the provider, as finance enters it.
CREATE TABLE bank_credits (
    id uuid PRIMARY KEY,
    -- The bank's own.
    reference text NOT NULL,
    currency text NOT NULL,
    amount numeric(14, 2) NOT NULL,
    value_date date NOT NULL,
    -- The settlement that arrived with it.
    settlement_id uuid REFERENCES settlements (id),
    matched_at timestamptz,
    -- Who said so; none if it was beyond doubt.
    matched_by uuid,
    -- Somebody took it from a settlement: only people match it from then on.
    is_left_to_people boolean NOT NULL DEFAULT false,
    entered_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT bank_credits_reference_unique UNIQUE (reference),
    CONSTRAINT bank_credits_settlement_unique UNIQUE (settlement_id),
    CONSTRAINT bank_credits_reference_length CHECK (length(reference) BETWEEN 1 AND 100),
    CONSTRAINT bank_credits_currency_code CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT bank_credits_amount_positive CHECK (amount > 0),
    CONSTRAINT bank_credits_matched_whole CHECK (
        (settlement_id IS NULL) = (matched_at IS NULL) AND (matched_by IS NULL OR matched_at IS NOT NULL)
    )
);

CREATE INDEX bank_credits_newest ON bank_credits (value_date DESC, id DESC);
CREATE INDEX bank_credits_unmatched ON bank_credits (currency, amount) WHERE settlement_id IS NULL;

-- What has gone back by the books, for which deductions are looked at.
CREATE INDEX ledger_transactions_gone_back ON ledger_transactions (id)
    WHERE kind IN ('refund_processed', 'refund_returned', 'refund_reinstated', 'chargeback', 'chargeback_returned');

DO $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON settlement_bookings FROM %I', current_schema());
    EXECUTE format(
        'REVOKE DELETE, TRUNCATE ON settlements, settlement_pull, bank_credits FROM %I', current_schema()
    );
END
$$;
