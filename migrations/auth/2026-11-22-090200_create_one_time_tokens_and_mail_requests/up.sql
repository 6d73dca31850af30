-- Second-factor spares, mailed links, and the mails that carry them.

CREATE TABLE recovery_codes (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT recovery_codes_user_code_unique UNIQUE (user_id, code_hash),
    CONSTRAINT recovery_codes_code_hash_length CHECK (length(code_hash) = 32)
);

CREATE TABLE mail_requests (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind text NOT NULL,
    -- What the mail tells besides its link, such as the device of a login.
    facts jsonb NOT NULL DEFAULT '{}',
    -- The address under the file key, only where the account will no longer have it when the mail is sent.
    recipient_ct bytea,
    requested_at timestamptz NOT NULL,
    -- When the mail service last asked for its content.
    collected_at timestamptz,
    CONSTRAINT mail_requests_kind_known CHECK (kind IN (
        'verify_email', 'password_reset', 'new_device', 'account_locked', 'password_changed',
        'two_factor_enabled', 'two_factor_disabled', 'session_reuse', 'role_changed', 'export_ready',
        'account_erased'
    ))
);
CREATE INDEX mail_requests_user_kind ON mail_requests (user_id, kind, requested_at DESC);
CREATE INDEX mail_requests_requested_at ON mail_requests (requested_at);

CREATE TABLE one_time_tokens (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind text NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT one_time_tokens_token_hash_unique UNIQUE (token_hash),
    CONSTRAINT one_time_tokens_token_hash_length CHECK (length(token_hash) = 32),
    CONSTRAINT one_time_tokens_kind_known CHECK (kind IN ('verify_email', 'password_reset')),
    CONSTRAINT one_time_tokens_expire_later CHECK (expires_at > created_at)
);
-- A newer link replaces the older one.
CREATE UNIQUE INDEX one_time_tokens_one_live ON one_time_tokens (user_id, kind) WHERE used_at IS NULL;
CREATE INDEX one_time_tokens_user_id ON one_time_tokens (user_id);
CREATE INDEX one_time_tokens_expires_at ON one_time_tokens (expires_at);
