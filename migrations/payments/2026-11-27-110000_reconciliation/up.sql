-- Comparing, each night, what we know of payments and refunds with what the provider says of them.

-- One comparison, for one business date. How far it has come stands in its row, so that any process can go on with it.
CREATE TABLE reconciliation_runs (
    id uuid PRIMARY KEY,
    -- The day that is looked at last, in the shop's zone.
    business_date date NOT NULL,
    kind text NOT NULL,
    -- Who asked for it; none for the nightly one.
    requested_by uuid,
    phase text NOT NULL DEFAULT 'transactions',
    -- Up to where the phase has come, in its own words.
    position text,
    -- Pages and batches that were written; a step counts only if it is the next one.
    steps bigint NOT NULL DEFAULT 0,
    window_from timestamptz NOT NULL,
    -- Excluded. Fixed at the beginning, so that what is new while lists are read shifts no page.
    window_to timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT reconciliation_runs_kind_known CHECK (kind IN ('nightly', 'manual')),
    CONSTRAINT reconciliation_runs_requested CHECK ((kind = 'manual') = (requested_by IS NOT NULL)),
    CONSTRAINT reconciliation_runs_phase_known CHECK (
        phase IN ('transactions', 'refunds', 'pairs', 'unlisted_created', 'unlisted_paid', 'unlisted_open',
            'refunds_listed', 'refunds_unlisted', 'repair', 'close', 'clear', 'done')
    ),
    CONSTRAINT reconciliation_runs_window_whole CHECK (window_from < window_to),
    CONSTRAINT reconciliation_runs_finished CHECK ((phase = 'done') = (finished_at IS NOT NULL))
);

-- A date is compared once each night, whoever comes first, and by one run at a time.
CREATE UNIQUE INDEX reconciliation_runs_nightly_once ON reconciliation_runs (business_date) WHERE kind = 'nightly';
CREATE UNIQUE INDEX reconciliation_runs_one_open ON reconciliation_runs (business_date) WHERE finished_at IS NULL;
CREATE INDEX reconciliation_runs_waiting ON reconciliation_runs (started_at, business_date) WHERE finished_at IS NULL;
CREATE INDEX reconciliation_runs_finished_last ON reconciliation_runs (finished_at DESC) WHERE finished_at IS NOT NULL;

-- What the provider says, as long as its run goes on.
CREATE TABLE reconciliation_transactions (
    run_id uuid NOT NULL REFERENCES reconciliation_runs (id),
    -- The provider's number.
    gateway_id text NOT NULL,
    reference text NOT NULL,
    -- The provider's word, in ours.
    status text NOT NULL,
    domain text NOT NULL,
    amount numeric(14, 2) NOT NULL,
    requested_amount numeric(14, 2),
    currency text NOT NULL,
    fees numeric(14, 2),
    channel text,
    paid_at timestamptz,
    -- Whether the list showed it; else it was asked about.
    is_listed boolean NOT NULL,
    CONSTRAINT reconciliation_transactions_pk PRIMARY KEY (run_id, gateway_id)
);

CREATE INDEX reconciliation_transactions_by_reference ON reconciliation_transactions (run_id, reference);

CREATE TABLE reconciliation_refunds (
    run_id uuid NOT NULL REFERENCES reconciliation_runs (id),
    gateway_id text NOT NULL,
    -- The provider's number of the transaction.
    transaction_id text NOT NULL,
    -- The provider's word, in ours; none for one that is new to us.
    status text,
    amount numeric(14, 2) NOT NULL,
    currency text NOT NULL,
    note text,
    -- The provider's number of the dispute that was lost with it.
    dispute_id text,
    created_at timestamptz,
    updated_at timestamptz,
    CONSTRAINT reconciliation_refunds_pk PRIMARY KEY (run_id, gateway_id)
);

CREATE INDEX reconciliation_refunds_by_transaction ON reconciliation_refunds (run_id, transaction_id);

-- What the provider took and gave back on the business date, as it says itself.
CREATE TABLE reconciliation_totals (
    run_id uuid NOT NULL REFERENCES reconciliation_runs (id),
    currency text NOT NULL,
    transactions bigint NOT NULL,
    gross numeric(18, 2) NOT NULL,
    fees numeric(18, 2) NOT NULL,
    refunds bigint NOT NULL,
    refunded numeric(18, 2) NOT NULL,
    CONSTRAINT reconciliation_totals_pk PRIMARY KEY (run_id, currency)
);

-- Where the two sides do not agree.
CREATE TABLE reconciliation_mismatches (
    id uuid PRIMARY KEY,
    run_id uuid NOT NULL REFERENCES reconciliation_runs (id),
    class text NOT NULL,
    -- What it is about: the payment's or refund's id, else the provider's number.
    subject text NOT NULL,
    payment_id uuid REFERENCES payments (id),
    order_id uuid,
    refund_id uuid REFERENCES refunds (id),
    reference text,
    gateway_id text,
    -- Ids, amounts and states as each side had them; nothing about a person.
    ours jsonb,
    theirs jsonb,
    -- How it is put right: by asking once more, by looking up refunds, by booking fees, or by people.
    remedy text NOT NULL,
    state text NOT NULL,
    last_error text,
    found_at timestamptz NOT NULL,
    repaired_at timestamptz,
    resolved_at timestamptz,
    resolved_by uuid,
    outcome text,
    note text,
    CONSTRAINT reconciliation_mismatches_once UNIQUE (run_id, class, subject),
    CONSTRAINT reconciliation_mismatches_class_known CHECK (
        class IN ('missing-local', 'missing-gateway', 'amount', 'currency', 'status', 'double-kept', 'refund-missing',
            'refund-extra', 'refund-amount', 'fee-anomaly', 'reversed', 'stale-pending')
    ),
    CONSTRAINT reconciliation_mismatches_remedy_known CHECK (remedy IN ('confirm', 'refunds', 'fees', 'people')),
    -- What is to be repaired is found, what people have to look at is open until they resolve it, or a later run finds it again.
    CONSTRAINT reconciliation_mismatches_state_known CHECK (
        state IN ('found', 'repaired', 'open', 'resolved', 'superseded')
    ),
    CONSTRAINT reconciliation_mismatches_repaired CHECK ((state = 'repaired') = (repaired_at IS NOT NULL)),
    CONSTRAINT reconciliation_mismatches_resolved CHECK (
        (state = 'resolved') = (resolved_at IS NOT NULL)
        AND (state = 'resolved') = (resolved_by IS NOT NULL)
        AND (state = 'resolved') = (outcome IS NOT NULL)
        AND (state = 'resolved') = (note IS NOT NULL)
    ),
    CONSTRAINT reconciliation_mismatches_outcome_known CHECK (
        outcome IN ('corrected', 'accepted', 'written_off', 'false_alarm')
    ),
    CONSTRAINT reconciliation_mismatches_note_length CHECK (length(note) BETWEEN 1 AND 1000)
);

-- Pages of a run, in the order of finding: ids grow with time.
CREATE INDEX reconciliation_mismatches_by_run ON reconciliation_mismatches (run_id, id);
CREATE INDEX reconciliation_mismatches_to_repair ON reconciliation_mismatches (run_id, id) WHERE state = 'found';
CREATE INDEX reconciliation_mismatches_open ON reconciliation_mismatches (class, subject) WHERE state IN ('found', 'open');
CREATE INDEX reconciliation_mismatches_resolved ON reconciliation_mismatches (class, subject) WHERE state = 'resolved';

-- Payments that the provider's list does not show are looked for by when they began or were paid, or because they are open.
CREATE INDEX payments_by_created ON payments (created_at, id);
CREATE INDEX payments_by_paid ON payments (paid_at, id) WHERE paid_at IS NOT NULL;
CREATE INDEX payments_open_by_created ON payments (created_at, id) WHERE status IN ('initialized', 'pending');
-- Refunds are listed with the number of their transaction.
CREATE INDEX payments_by_gateway_id ON payments (gateway_id) WHERE gateway_id IS NOT NULL;
-- Refunds that are not listed are looked for by when they were decided.
CREATE INDEX refunds_by_created ON refunds (created_at, id);
-- What a buyer's bank took back explains why the provider has reversed a payment.
CREATE INDEX ledger_transactions_charged_back ON ledger_transactions (payment_id) WHERE kind = 'chargeback';

-- What was found is never removed; what the provider said goes with its run.
DO $$
BEGIN
    EXECUTE format(
        'REVOKE DELETE, TRUNCATE ON reconciliation_runs, reconciliation_totals, reconciliation_mismatches FROM %I',
        current_schema()
    );
END
$$;
