-- Mails: what is due, what is on its way, what became of each.

CREATE TABLE messages (
    id uuid PRIMARY KEY,
    -- What asked for it, `auth.mail_requested/<mail id>`: the same wish makes one mail, however often it is heard.
    dedupe_key text NOT NULL,
    template text NOT NULL,
    -- Under which id its content is asked for at the service that has it: auth's mail request.
    source_id uuid NOT NULL,
    -- Whom it is about.
    user_id uuid NOT NULL,
    -- The first mail of which this one is a repetition that somebody ordered.
    resend_of uuid REFERENCES messages (id) ON DELETE SET NULL,
    status text NOT NULL DEFAULT 'pending',
    -- The address, sealed and bound to this row; known once the content was asked for.
    recipient_ct bytea,
    -- Finds the mails of an address without opening any.
    recipient_bidx bytea,
    -- The key under which the recipient and the request are sealed.
    key_id text,
    -- The provider's request, byte for byte, sealed: a retry must not differ in a single byte.
    request_ct bytea,
    idempotency_key text,
    -- When the link in the mail stops working: later there is no use in sending it.
    good_until timestamptz,
    -- Counted with each claim. It is also the fence: whoever claimed with a smaller number has lost the row.
    attempts integer NOT NULL DEFAULT 0,
    -- When to try again; while somebody works on the row, when it may be taken over.
    next_attempt_at timestamptz NOT NULL,
    -- Since when the provider may have had it; none while it certainly has not.
    first_sending_at timestamptz,
    -- The provider's id.
    provider_id text,
    sent_at timestamptz,
    -- When it was sent, refused for good, or no longer due.
    ended_at timestamptz,
    -- Why the last attempt did not send it, or why none will.
    last_error text,
    -- The newest that the provider told about it after taking it, such as `delivered`.
    delivery text,
    delivery_at timestamptz,
    -- The trace of whatever asked for it; sending belongs to it.
    traceparent text,
    created_at timestamptz NOT NULL,
    CONSTRAINT messages_dedupe_key_unique UNIQUE (dedupe_key),
    CONSTRAINT messages_status_known CHECK (
        status IN ('pending', 'sending', 'sent', 'failed', 'cancelled')
    ),
    CONSTRAINT messages_attempts_counted CHECK (attempts >= 0),
    CONSTRAINT messages_recipient_whole CHECK (
        (recipient_ct IS NULL) = (recipient_bidx IS NULL)
    ),
    CONSTRAINT messages_recipient_bidx_length CHECK (length(recipient_bidx) = 32),
    CONSTRAINT messages_sealed_under_a_key CHECK (recipient_ct IS NULL OR key_id IS NOT NULL),
    -- Before it is rendered nothing is known of it, and nothing can have left.
    CONSTRAINT messages_pending_is_blank CHECK (
        status <> 'pending'
        OR recipient_ct IS NULL AND idempotency_key IS NULL AND first_sending_at IS NULL
    ),
    -- A body exists exactly while it is being sent.
    CONSTRAINT messages_body_while_sending CHECK ((status = 'sending') = (request_ct IS NOT NULL)),
    CONSTRAINT messages_sending_has_key CHECK (
        status <> 'sending' OR idempotency_key IS NOT NULL AND recipient_ct IS NOT NULL
    ),
    CONSTRAINT messages_idempotency_key_length CHECK (length(idempotency_key) BETWEEN 1 AND 256),
    CONSTRAINT messages_sent_has_proof CHECK (
        (status = 'sent') = (sent_at IS NOT NULL) AND (status = 'sent') = (provider_id IS NOT NULL)
    ),
    CONSTRAINT messages_ended CHECK (
        (status IN ('sent', 'failed', 'cancelled')) = (ended_at IS NOT NULL)
    ),
    CONSTRAINT messages_end_has_reason CHECK (
        status NOT IN ('failed', 'cancelled') OR last_error IS NOT NULL
    ),
    CONSTRAINT messages_delivery_dated CHECK ((delivery IS NULL) = (delivery_at IS NULL)),
    CONSTRAINT messages_delivery_of_sent CHECK (delivery IS NULL OR status = 'sent')
);

-- What a sender looks for, in the order in which it takes it.
CREATE INDEX messages_due ON messages (next_attempt_at, id) WHERE status IN ('pending', 'sending');
-- For retention.
CREATE INDEX messages_ended_at ON messages (ended_at) WHERE ended_at IS NOT NULL;
-- For the lists of operators, newest first.
CREATE INDEX messages_newest ON messages (created_at DESC, id DESC);
CREATE INDEX messages_status_newest ON messages (status, created_at DESC, id DESC);
CREATE INDEX messages_template_newest ON messages (template, created_at DESC, id DESC);
CREATE INDEX messages_recipient ON messages (recipient_bidx, created_at DESC)
    WHERE recipient_bidx IS NOT NULL;
CREATE INDEX messages_user_id ON messages (user_id, created_at DESC);
-- Webhooks name a mail by it.
CREATE INDEX messages_provider_id ON messages (provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX messages_resend_of ON messages (resend_of) WHERE resend_of IS NOT NULL;
