-- Attempts to pay at the provider, refunds, what the provider told, and the books about all of it.

CREATE TABLE payments (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL,
    -- The buyer; none once they were forgotten.
    user_id uuid,
    -- Which attempt of its order it is, from 1.
    attempt integer NOT NULL,
    -- Our name for it at the provider, made before the provider hears of it and never used again.
    reference text NOT NULL,
    -- What is due.
    amount numeric(14, 2) NOT NULL,
    currency char(3) NOT NULL,
    status text NOT NULL DEFAULT 'initialized',
    -- Another attempt took its place because its address was lost. It can still be paid, so it is still watched.
    is_superseded boolean NOT NULL DEFAULT false,
    -- The capture that pays for the order.
    kept boolean NOT NULL DEFAULT false,
    -- Why a capture settles nothing and is paid back when its time has come.
    hold_reason text,
    callback_url text NOT NULL,
    authorization_url text,
    access_code text,
    -- Since when the provider may know it.
    asked_at timestamptz,
    -- Until when somebody is at opening it.
    opening_until timestamptz,
    -- The provider's number for it, of up to 64 bits without a sign.
    gateway_id text,
    paid_amount numeric(14, 2),
    -- As the provider names it, which may be none of the shop's.
    paid_currency text,
    fees numeric(14, 2),
    channel text,
    -- By the provider's clock.
    paid_at timestamptz,
    -- When the provider paid it out to the shop.
    settled_at timestamptz,
    -- When the provider is asked next: whether it is paid, and after that how its refunds are.
    next_check_at timestamptz,
    checks integer NOT NULL DEFAULT 0,
    -- Since when it is watched once more, because the provider told that it is paid and did not confirm it.
    watched_anew_at timestamptz,
    -- When people are told that no order has answered for the capture.
    claim_due_at timestamptz,
    -- When all that is left of it is paid back, unless an order keeps it until then.
    refund_due_at timestamptz,
    version bigint NOT NULL DEFAULT 1,
    -- The trace of the request that began it.
    traceparent text,
    created_at timestamptz NOT NULL,
    CONSTRAINT payments_reference_unique UNIQUE (reference),
    CONSTRAINT payments_attempt_unique UNIQUE (order_id, attempt),
    CONSTRAINT payments_reference_plain CHECK (reference ~ '^[A-Za-z0-9-]{1,100}$'),
    CONSTRAINT payments_amount_positive CHECK (amount > 0),
    CONSTRAINT payments_currency_code CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT payments_status_known CHECK (
        status IN ('initialized', 'pending', 'failed', 'abandoned', 'paid', 'partially_refunded', 'refunded')
    ),
    CONSTRAINT payments_captured_whole CHECK (
        (status IN ('paid', 'partially_refunded', 'refunded'))
        = (paid_amount IS NOT NULL AND paid_currency IS NOT NULL AND paid_at IS NOT NULL AND gateway_id IS NOT NULL)
    ),
    CONSTRAINT payments_paid_amount_positive CHECK (paid_amount > 0),
    CONSTRAINT payments_fees_bounded CHECK (fees BETWEEN 0 AND paid_amount),
    CONSTRAINT payments_kept_is_captured CHECK (NOT kept OR paid_amount IS NOT NULL),
    CONSTRAINT payments_hold_known CHECK (hold_reason IN ('mismatch', 'reversed')),
    CONSTRAINT payments_held_is_not_kept CHECK (hold_reason IS NULL OR NOT kept),
    CONSTRAINT payments_address_whole CHECK ((authorization_url IS NULL) = (access_code IS NULL)),
    CONSTRAINT payments_gateway_id_digits CHECK (gateway_id ~ '^[0-9]{1,20}$')
);

-- One attempt of an order can be paid as far as we know, and one capture pays for it.
CREATE UNIQUE INDEX payments_live_once ON payments (order_id)
    WHERE status IN ('initialized', 'pending') AND NOT is_superseded;
CREATE UNIQUE INDEX payments_kept_once ON payments (order_id) WHERE kept;
-- Lists, newest first: ids grow with time.
CREATE INDEX payments_by_user ON payments (user_id, id DESC) WHERE user_id IS NOT NULL;
CREATE INDEX payments_by_status ON payments (status, id DESC);
-- What timers look for.
CREATE INDEX payments_to_check ON payments (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX payments_to_refund ON payments (refund_due_at) WHERE refund_due_at IS NOT NULL AND NOT kept;
CREATE INDEX payments_to_claim ON payments (claim_due_at) WHERE claim_due_at IS NOT NULL;

CREATE TABLE refunds (
    id uuid PRIMARY KEY,
    payment_id uuid NOT NULL REFERENCES payments (id),
    order_id uuid NOT NULL,
    amount numeric(14, 2) NOT NULL,
    -- That of the capture.
    currency text NOT NULL,
    status text NOT NULL DEFAULT 'requested',
    -- Who decided it: the shop's staff, this system, or somebody at the provider.
    origin text NOT NULL,
    reason text NOT NULL,
    -- Which sold lines go back on the shelf, if staff said so: `[{"lineId":…,"quantity":…}]`.
    restock jsonb,
    requested_by uuid,
    -- The provider's number for it, once it has it.
    gateway_id text,
    -- The account that it was taken from.
    charged_to text NOT NULL,
    -- Since when the provider may have it.
    asked_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    -- When the provider is asked to do it; none once it has it, or it has ended.
    next_attempt_at timestamptz,
    last_error text,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    processed_at timestamptz,
    CONSTRAINT refunds_gateway_id_unique UNIQUE (gateway_id),
    CONSTRAINT refunds_amount_positive CHECK (amount > 0),
    CONSTRAINT refunds_status_known CHECK (
        status IN ('requested', 'processing', 'processed', 'failed', 'needs_attention')
    ),
    CONSTRAINT refunds_origin_known CHECK (origin IN ('staff', 'system', 'external')),
    CONSTRAINT refunds_charged_to_known CHECK (charged_to IN ('refunds', 'suspense')),
    CONSTRAINT refunds_reason_length CHECK (length(reason) BETWEEN 1 AND 500),
    CONSTRAINT refunds_processed_dated CHECK ((status = 'processed') = (processed_at IS NOT NULL)),
    CONSTRAINT refunds_external_are_known CHECK (origin <> 'external' OR gateway_id IS NOT NULL),
    CONSTRAINT refunds_asked_while_requested CHECK (next_attempt_at IS NULL OR status = 'requested')
);

-- The system pays a capture back once.
CREATE UNIQUE INDEX refunds_system_once ON refunds (payment_id)
    WHERE origin = 'system' AND status <> 'failed';
CREATE INDEX refunds_by_payment ON refunds (payment_id, id);
CREATE INDEX refunds_by_status ON refunds (status, id DESC);
CREATE INDEX refunds_to_ask ON refunds (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
-- For telling how old the oldest is that has not ended.
CREATE INDEX refunds_under_way ON refunds (created_at) WHERE status NOT IN ('processed', 'failed');

-- What the provider told, as it told it. The answer to the provider is this one row.
CREATE TABLE webhook_events (
    id uuid PRIMARY KEY,
    -- What it is about; the same for every delivery of one event.
    event_key text NOT NULL,
    body_sha256 bytea NOT NULL,
    event_type text NOT NULL,
    -- The payment that it is about, in our words.
    reference text,
    -- Encrypted; dropped after a while.
    body_ct bytea,
    -- The same event was told before in other words.
    is_contradiction boolean NOT NULL DEFAULT false,
    status text NOT NULL DEFAULT 'received',
    -- What became of it.
    outcome text,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    last_error text,
    received_at timestamptz NOT NULL,
    processed_at timestamptz,
    CONSTRAINT webhook_events_key_unique UNIQUE (event_key),
    CONSTRAINT webhook_events_hash_is_sha256 CHECK (octet_length(body_sha256) = 32),
    CONSTRAINT webhook_events_status_known CHECK (status IN ('received', 'done', 'anomaly')),
    CONSTRAINT webhook_events_ended_whole CHECK (
        (status = 'received') = (processed_at IS NULL) AND (status = 'received') = (outcome IS NULL)
        AND (status = 'received') = (next_attempt_at IS NOT NULL)
    )
);

CREATE INDEX webhook_events_due ON webhook_events (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX webhook_events_by_reference ON webhook_events (reference) WHERE reference IS NOT NULL;
-- For retention.
CREATE INDEX webhook_events_with_body ON webhook_events (received_at) WHERE body_ct IS NOT NULL;
-- For telling how old the oldest is that still waits.
CREATE INDEX webhook_events_waiting ON webhook_events (received_at) WHERE status = 'received';

-- What a person has to look at.
CREATE TABLE attention_items (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    -- A payment, a refund or a webhook event.
    subject_id uuid NOT NULL,
    payment_id uuid REFERENCES payments (id),
    facts jsonb NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    outcome text,
    CONSTRAINT attention_items_once UNIQUE (kind, subject_id),
    CONSTRAINT attention_items_kind_known CHECK (
        kind IN ('mismatch', 'reversed', 'alien_answer', 'unknown_reference', 'unconfirmed', 'unclaimed',
            'contradicting_event', 'contradicting_refund', 'refund_failed', 'refund_stopped', 'refund_returned',
            'refund_needs_attention', 'external_refund', 'kept_twice')
    ),
    CONSTRAINT attention_items_closed_whole CHECK ((closed_at IS NULL) = (outcome IS NULL))
);

CREATE INDEX attention_items_open ON attention_items (kind) WHERE closed_at IS NULL;
CREATE INDEX attention_items_by_payment ON attention_items (payment_id) WHERE payment_id IS NOT NULL;

-- The books. Append-only: what was wrong is reversed by another transaction.
CREATE TABLE ledger_transactions (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    -- The payment or refund that it is about.
    subject_id uuid NOT NULL,
    payment_id uuid NOT NULL REFERENCES payments (id),
    refund_id uuid REFERENCES refunds (id),
    occurred_at timestamptz NOT NULL,
    CONSTRAINT ledger_transactions_kind_known CHECK (
        kind IN ('capture', 'keep', 'refund_requested', 'refund_processed', 'refund_failed', 'refund_returned',
            'refund_reinstated')
    ),
    CONSTRAINT ledger_transactions_refund_named CHECK (
        (refund_id IS NOT NULL) = (kind LIKE 'refund%')
    )
);

-- Each is booked once for each kind, except for what may happen to a refund again and again after it had ended.
CREATE UNIQUE INDEX ledger_transactions_once ON ledger_transactions (kind, subject_id)
    WHERE kind NOT IN ('refund_returned', 'refund_reinstated');

CREATE TABLE ledger_entries (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transaction_id uuid NOT NULL REFERENCES ledger_transactions (id),
    account text NOT NULL,
    -- A debit is positive, a credit negative.
    amount numeric(14, 2) NOT NULL,
    currency text NOT NULL,
    occurred_at timestamptz NOT NULL,
    CONSTRAINT ledger_entries_account_known CHECK (
        account IN ('gateway_clearing', 'suspense', 'sales', 'fee_surcharge', 'refunds', 'refunds_payable', 'fees')
    ),
    CONSTRAINT ledger_entries_amount_counts CHECK (amount <> 0),
    CONSTRAINT ledger_entries_currency_code CHECK (currency ~ '^[A-Z]{3}$')
);

CREATE INDEX ledger_entries_by_time ON ledger_entries (occurred_at DESC, seq DESC);
CREATE INDEX ledger_entries_by_account ON ledger_entries (account, occurred_at DESC, seq DESC);
CREATE INDEX ledger_entries_by_transaction ON ledger_entries (transaction_id);

-- At commit, what was booked has both sides.
CREATE FUNCTION ledger_must_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    booked CONSTANT uuid := CASE TG_TABLE_NAME
        WHEN 'ledger_transactions' THEN (to_jsonb(NEW) ->> 'id')::uuid
        ELSE (to_jsonb(NEW) ->> 'transaction_id')::uuid
    END;
BEGIN
    IF NOT EXISTS (SELECT FROM ledger_entries WHERE transaction_id = booked) THEN
        RAISE EXCEPTION 'ledger transaction % has no entries', booked USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT FROM ledger_entries WHERE transaction_id = booked GROUP BY currency HAVING sum(amount) <> 0
    ) THEN
        RAISE EXCEPTION 'ledger transaction % does not balance', booked USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER ledger_transactions_balance AFTER INSERT ON ledger_transactions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_must_balance();
CREATE CONSTRAINT TRIGGER ledger_entries_balance AFTER INSERT ON ledger_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_must_balance();

CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER ledger_transactions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

-- The runtime role, which has the schema's name, may add to the books and read them; nothing of the rest is ever removed
-- by it.
DO $$
BEGIN
    EXECUTE format(
        'ALTER FUNCTION ledger_must_balance() SET search_path = %I, pg_temp', current_schema()
    );
    EXECUTE format(
        'REVOKE UPDATE, DELETE, TRUNCATE ON ledger_transactions, ledger_entries FROM %I', current_schema()
    );
    EXECUTE format(
        'REVOKE DELETE, TRUNCATE ON payments, refunds, webhook_events, attention_items FROM %I', current_schema()
    );
END
$$;
