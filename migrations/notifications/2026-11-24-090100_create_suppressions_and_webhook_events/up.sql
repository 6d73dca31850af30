-- What the provider tells after it took a mail, and whom nothing may be sent any more.

-- One row for each thing told, under the id that its repetitions share. Bodies hold addresses and are not kept.
CREATE TABLE webhook_events (
    id text PRIMARY KEY,
    event_type text NOT NULL,
    -- Which mail, by the provider's id; the mail may not be known yet, or be none of ours.
    provider_id text,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    CONSTRAINT webhook_events_id_length CHECK (length(id) BETWEEN 1 AND 256)
);
CREATE INDEX webhook_events_of_mail ON webhook_events (provider_id, occurred_at DESC)
    WHERE provider_id IS NOT NULL;
CREATE INDEX webhook_events_received_at ON webhook_events (received_at);

-- Addresses that do not exist, or whose owner called our mail spam. Only their blind index is kept.
CREATE TABLE suppressions (
    recipient_bidx bytea PRIMARY KEY,
    reason text NOT NULL,
    since timestamptz NOT NULL,
    CONSTRAINT suppressions_recipient_bidx_length CHECK (length(recipient_bidx) = 32),
    CONSTRAINT suppressions_reason_known CHECK (reason IN ('bounced', 'complained', 'suppressed'))
);
