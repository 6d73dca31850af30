-- The keys that sign access tokens. A key is published before it signs and until its last token has expired.
CREATE TABLE signing_keys (
    -- RFC 7638 thumbprint of the public key.
    kid text PRIMARY KEY,
    -- PKCS#8, sealed under the file key.
    private_key_ct bytea NOT NULL,
    public_jwk jsonb NOT NULL,
    state text NOT NULL,
    created_at timestamptz NOT NULL,
    -- When a pending key may begin to sign.
    promote_at timestamptz NOT NULL,
    -- When a retired key's last token has expired and its public half may go.
    retire_at timestamptz,
    CONSTRAINT signing_keys_state_known CHECK (state IN ('pending', 'active', 'retired')),
    CONSTRAINT signing_keys_retired_until CHECK ((state = 'retired') = (retire_at IS NOT NULL))
);
CREATE UNIQUE INDEX signing_keys_one_active ON signing_keys (state) WHERE state = 'active';
CREATE UNIQUE INDEX signing_keys_one_pending ON signing_keys (state) WHERE state = 'pending';
