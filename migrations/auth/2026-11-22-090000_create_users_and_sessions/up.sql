-- Accounts, the sessions opened on them, and what guards the way in.

CREATE TABLE users (
    id uuid PRIMARY KEY,
    -- Canonical (trimmed, lower case, ASCII), so that the plain unique key is also the case-insensitive one.
    email text,
    name text,
    -- Sealed with the data key named beside it; found again by its keyed hash only.
    phone_ct bytea,
    phone_key_id text,
    phone_bidx bytea,
    password_hash text,
    password_changed_at timestamptz NOT NULL,
    role text NOT NULL,
    verified_at timestamptz,
    -- Present but not enabled while enrolment waits for its first code.
    totp_secret_ct bytea,
    totp_key_id text,
    totp_enabled_at timestamptz,
    -- The newest time step whose code was accepted; a code is good once.
    totp_last_step bigint,
    totp_failed_attempts integer NOT NULL DEFAULT 0,
    totp_locked_until timestamptz,
    last_login_at timestamptz,
    erased_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT users_email_unique UNIQUE (email),
    CONSTRAINT users_email_canonical CHECK (email = lower(btrim(email)) AND length(email) <= 254),
    CONSTRAINT users_name_length CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT users_role_known
        CHECK (role IN ('customer', 'merchant', 'fulfilment', 'finance', 'admin')),
    CONSTRAINT users_phone_sealed CHECK (
        num_nulls(phone_ct, phone_key_id, phone_bidx) IN (0, 3) AND length(phone_bidx) = 32
    ),
    CONSTRAINT users_totp_sealed CHECK ((totp_secret_ct IS NULL) = (totp_key_id IS NULL)),
    CONSTRAINT users_totp_enabled_has_secret
        CHECK (totp_enabled_at IS NULL OR totp_secret_ct IS NOT NULL),
    CONSTRAINT users_totp_failed_attempts_counted CHECK (totp_failed_attempts >= 0),
    CONSTRAINT users_version_counted CHECK (version >= 1),
    -- An account is either whole or erased; an erased one holds nothing personal and no way in.
    CONSTRAINT users_whole_or_erased CHECK (
        CASE WHEN erased_at IS NULL
            THEN num_nulls(email, name, password_hash) = 0
            ELSE num_nonnulls(email, name, password_hash, phone_ct, totp_secret_ct) = 0
        END
    )
);
CREATE INDEX users_phone_bidx ON users (phone_bidx) WHERE phone_bidx IS NOT NULL;
-- The staff listing: newest first, by role, and by the beginning of an address or name.
CREATE INDEX users_created_at ON users (created_at DESC, id DESC);
CREATE INDEX users_role_created_at ON users (role, created_at DESC, id DESC);
CREATE INDEX users_email_prefix ON users (email text_pattern_ops);
CREATE INDEX users_name_prefix ON users (lower(name) text_pattern_ops);

-- Failed password logins, counted by the hash of the address asked for, whether or not an account has it:
-- an unknown address costs and answers the same as a known one. Swept when stale.
CREATE TABLE login_attempts (
    account_hash bytea PRIMARY KEY,
    failures integer NOT NULL,
    locked_until timestamptz,
    attempted_at timestamptz NOT NULL,
    CONSTRAINT login_attempts_account_hash_length CHECK (length(account_hash) = 32),
    CONSTRAINT login_attempts_failures_counted CHECK (failures >= 0)
);
CREATE INDEX login_attempts_attempted_at ON login_attempts (attempted_at);

-- Browsers that an account has logged in from. Each counts its own failures, so that nobody who locks the account
-- from elsewhere locks its owner out.
CREATE TABLE known_devices (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    device_hash bytea NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    attempted_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    -- The last login from it.
    last_used_at timestamptz NOT NULL,
    CONSTRAINT known_devices_user_device_unique UNIQUE (user_id, device_hash),
    CONSTRAINT known_devices_device_hash_length CHECK (length(device_hash) = 32),
    CONSTRAINT known_devices_failures_counted CHECK (failures >= 0)
);
CREATE INDEX known_devices_last_used_at ON known_devices (last_used_at);

-- A session is one login and the family of refresh tokens that descends from it; `id` is the tokens' `sid`.
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    device_info text NOT NULL,
    ip_address text NOT NULL,
    user_agent text NOT NULL,
    -- Whether the login was confirmed with a second factor.
    mfa boolean NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoke_reason text,
    CONSTRAINT sessions_expire_later CHECK (expires_at > created_at),
    CONSTRAINT sessions_revoked_for_a_reason CHECK ((revoked_at IS NULL) = (revoke_reason IS NULL)),
    CONSTRAINT sessions_revoke_reason_known CHECK (revoke_reason IN (
        'logout', 'revoked_by_user', 'reuse_detected', 'password_changed', 'password_reset',
        'role_changed', 'two_factor_changed', 'disabled', 'erased'
    ))
);
CREATE INDEX sessions_live_by_user ON sessions (user_id, last_used_at DESC) WHERE revoked_at IS NULL;
CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    id uuid PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    parent_id uuid REFERENCES refresh_tokens (id),
    -- SHA-256 of the token; what lies here cannot be presented.
    token_hash bytea NOT NULL,
    -- The successor's plain text under the file key, for a second tab that comes within the grace period.
    successor_ct bytea,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    -- Who used it first: a replay from anywhere else is no second tab.
    used_by_ip text,
    used_by_user_agent_hash bytea,
    CONSTRAINT refresh_tokens_token_hash_unique UNIQUE (token_hash),
    CONSTRAINT refresh_tokens_one_successor UNIQUE (parent_id),
    CONSTRAINT refresh_tokens_token_hash_length CHECK (length(token_hash) = 32),
    CONSTRAINT refresh_tokens_expire_later CHECK (expires_at > issued_at),
    CONSTRAINT refresh_tokens_used_by_someone CHECK (
        num_nulls(used_at, used_by_ip, used_by_user_agent_hash) IN (0, 3)
    )
);
-- A family has one token that can be used, and (session_id alone) is found as a whole.
CREATE UNIQUE INDEX refresh_tokens_one_live_per_session
    ON refresh_tokens (session_id) WHERE used_at IS NULL;
CREATE INDEX refresh_tokens_session_id ON refresh_tokens (session_id);

-- What verifiers poll: sessions whose access tokens are dead before they expire.
CREATE TABLE session_revocations (
    id uuid PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The database's clock at the time of the write, as the readers' `since` comes from there too.
    revoked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text NOT NULL,
    CONSTRAINT session_revocations_once UNIQUE (session_id)
);
CREATE INDEX session_revocations_revoked_at ON session_revocations (revoked_at, session_id);
CREATE INDEX session_revocations_user_id ON session_revocations (user_id);
