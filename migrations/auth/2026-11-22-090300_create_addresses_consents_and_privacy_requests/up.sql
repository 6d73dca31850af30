-- The address book, consents, and requests for one's own data or its erasure.

CREATE TABLE addresses (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The whole address as one sealed document, bound to this row.
    address_ct bytea NOT NULL,
    key_id text NOT NULL,
    is_default boolean NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT addresses_version_counted CHECK (version >= 1)
);
CREATE INDEX addresses_user_id ON addresses (user_id, created_at);
CREATE UNIQUE INDEX addresses_one_default ON addresses (user_id) WHERE is_default;

-- A history: the newest row of each type says what holds now.
CREATE TABLE consents (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    consent_type text NOT NULL,
    is_granted boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT consents_type_known CHECK (consent_type IN ('marketing', 'analytics', 'cookies'))
);
CREATE INDEX consents_newest ON consents (user_id, consent_type, recorded_at DESC, id DESC);

CREATE TABLE privacy_requests (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind text NOT NULL,
    state text NOT NULL,
    reason text,
    -- The export itself under the file key, while it can be fetched.
    file_ct bytea,
    requested_at timestamptz NOT NULL,
    completed_at timestamptz,
    expires_at timestamptz,
    CONSTRAINT privacy_requests_kind_known CHECK (kind IN ('export', 'erase')),
    CONSTRAINT privacy_requests_state_known CHECK (state IN ('pending', 'done', 'failed')),
    CONSTRAINT privacy_requests_completed CHECK ((state = 'pending') = (completed_at IS NULL)),
    CONSTRAINT privacy_requests_file_of_a_done_export CHECK (
        file_ct IS NULL OR kind = 'export' AND state = 'done' AND expires_at IS NOT NULL
    ),
    CONSTRAINT privacy_requests_reason_length CHECK (char_length(reason) <= 1000)
);
CREATE UNIQUE INDEX privacy_requests_one_pending
    ON privacy_requests (user_id, kind) WHERE state = 'pending';
CREATE INDEX privacy_requests_user_id ON privacy_requests (user_id, requested_at DESC);
CREATE INDEX privacy_requests_due ON privacy_requests (requested_at) WHERE state = 'pending';
CREATE INDEX privacy_requests_expires_at ON privacy_requests (expires_at) WHERE file_ct IS NOT NULL;

-- Which services have confirmed an erasure.
CREATE TABLE privacy_answers (
    request_id uuid NOT NULL REFERENCES privacy_requests (id) ON DELETE CASCADE,
    service text NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (request_id, service)
);
