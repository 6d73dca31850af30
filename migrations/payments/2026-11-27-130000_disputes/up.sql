-- What buyers' banks want back, what the shop answers, and how it ends. Additive: the previous release reads and writes none of it.

CREATE TABLE disputes (
    id uuid PRIMARY KEY,
    -- The provider's number for it, of up to 64 bits without a sign.
    gateway_id text NOT NULL,
    -- Its name for the transaction.
    reference text NOT NULL,
    -- None as long as the reference names no payment that is known here.
    payment_id uuid REFERENCES payments (id),
    order_id uuid,
    -- What is wanted back.
    amount numeric(14, 2) NOT NULL,
    -- As the provider names it.
    currency text NOT NULL,
    -- `chargeback`, `fraud`, `general`, or a word that is new to us.
    category text,
    -- What the provider notes about it.
    reason text,
    -- Only ever further.
    status text NOT NULL,
    -- How it ended, in the provider's word.
    resolution text,
    -- How it ended, in ours; none as long as it has not.
    outcome text,
    -- Until when the shop may answer.
    due_at timestamptz NOT NULL,
    -- Whether the provider said so, or our settings.
    due_source text NOT NULL,
    -- When people are reminded; none once they were, or need not be.
    remind_at timestamptz,
    reminded_at timestamptz,
    -- What the provider has taken for it, and from which account of ours.
    taken numeric(14, 2),
    charged_to text,
    -- When the provider gave that back.
    returned_at timestamptz,
    -- What the shop answers: that it owes nothing, with evidence, or that it gives the money back.
    answer text,
    -- How far that has come at the provider.
    answer_step text,
    -- SHA-256 of what staff said: another answer begins anew.
    answer_hash bytea,
    -- The provider's name for the file that was sent.
    answer_file text,
    answered_by uuid,
    answered_at timestamptz,
    -- Until when somebody is at answering.
    answering_until timestamptz,
    version bigint NOT NULL DEFAULT 1,
    -- By the provider's clock.
    opened_at timestamptz NOT NULL,
    resolved_at timestamptz,
    -- When we heard of it.
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT disputes_gateway_id_unique UNIQUE (gateway_id),
    CONSTRAINT disputes_gateway_id_digits CHECK (gateway_id ~ '^[0-9]{1,20}$'),
    CONSTRAINT disputes_amount_positive CHECK (amount > 0),
    CONSTRAINT disputes_currency_code CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT disputes_payment_whole CHECK ((payment_id IS NULL) = (order_id IS NULL)),
    CONSTRAINT disputes_status_known CHECK (
        status IN ('awaiting_merchant_feedback', 'awaiting_bank_feedback', 'pending', 'resolved', 'archived')
    ),
    CONSTRAINT disputes_outcome_known CHECK (outcome IN ('won', 'lost', 'accepted', 'auto_accepted')),
    CONSTRAINT disputes_outcome_at_the_end CHECK (
        (outcome IS NOT NULL) = (status IN ('resolved', 'archived')) AND (outcome IS NOT NULL) = (resolved_at IS NOT NULL)
    ),
    CONSTRAINT disputes_due_source_known CHECK (due_source IN ('provider', 'assumed')),
    CONSTRAINT disputes_taken_positive CHECK (taken > 0),
    CONSTRAINT disputes_taken_whole CHECK ((taken IS NULL) = (charged_to IS NULL)),
    CONSTRAINT disputes_taken_of_a_payment CHECK (taken IS NULL OR payment_id IS NOT NULL),
    CONSTRAINT disputes_charged_to_known CHECK (charged_to IN ('chargebacks', 'suspense')),
    CONSTRAINT disputes_returned_was_taken CHECK (returned_at IS NULL OR taken IS NOT NULL),
    CONSTRAINT disputes_answer_known CHECK (answer IN ('evidence', 'acceptance')),
    CONSTRAINT disputes_answer_step_known CHECK (answer_step IN ('begun', 'uploaded', 'explained', 'given')),
    CONSTRAINT disputes_answer_whole CHECK (
        num_nulls(answer, answer_step, answer_hash, answered_by) IN (0, 4)
        AND (answer_step IS NOT DISTINCT FROM 'given') = (answered_at IS NOT NULL)
        AND (answer_file IS NULL OR answer IS NOT NULL)
    ),
    CONSTRAINT disputes_answer_hash_is_sha256 CHECK (octet_length(answer_hash) = 32)
);

CREATE INDEX disputes_by_payment ON disputes (payment_id) WHERE payment_id IS NOT NULL;
-- Lists, newest first: ids grow with time.
CREATE INDEX disputes_by_status ON disputes (status, id DESC);
-- What timers look for.
CREATE INDEX disputes_to_remind ON disputes (remind_at) WHERE remind_at IS NOT NULL;
CREATE INDEX disputes_open ON disputes (id) WHERE outcome IS NULL;

-- How a dispute came to be what it is, in the provider's words and ours.
CREATE TABLE dispute_history (
    dispute_id uuid NOT NULL REFERENCES disputes (id),
    -- The dispute's version that it began with.
    version bigint NOT NULL,
    -- `opened`, `changed`, `reminded`, `answered`, `resolved`.
    event text NOT NULL,
    status text NOT NULL,
    outcome text,
    -- `provider`, `system`, or the role of a member of staff.
    actor text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT dispute_history_pk PRIMARY KEY (dispute_id, version),
    CONSTRAINT dispute_history_event_known CHECK (event IN ('opened', 'changed', 'reminded', 'answered', 'resolved'))
);

-- Which dispute an event of the provider is about, by the provider's number.
ALTER TABLE webhook_events ADD COLUMN dispute text;

-- The runtime role, which has the schema's name, removes none of it, and adds to the history only.
DO $$
BEGIN
    EXECUTE format('REVOKE DELETE, TRUNCATE ON disputes FROM %I', current_schema());
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON dispute_history FROM %I', current_schema());
END
$$;
