// @generated automatically by Diesel CLI.

pub mod auth {
    diesel::table! {
        auth.addresses (id) {
            id -> Uuid,
            user_id -> Uuid,
            address_ct -> Bytea,
            key_id -> Text,
            is_default -> Bool,
            version -> Int4,
            created_at -> Timestamptz,
            updated_at -> Timestamptz,
        }
    }

    diesel::table! {
        auth.consents (id) {
            id -> Uuid,
            user_id -> Uuid,
            consent_type -> Text,
            is_granted -> Bool,
            recorded_at -> Timestamptz,
        }
    }

    diesel::table! {
        auth.known_devices (id) {
            id -> Uuid,
            user_id -> Uuid,
            device_hash -> Bytea,
            failures -> Int4,
            locked_until -> Nullable<Timestamptz>,
            attempted_at -> Timestamptz,
            created_at -> Timestamptz,
            last_used_at -> Timestamptz,
        }
    }

    diesel::table! {
        auth.login_attempts (account_hash) {
            account_hash -> Bytea,
            failures -> Int4,
            locked_until -> Nullable<Timestamptz>,
            attempted_at -> Timestamptz,
        }
    }

    diesel::table! {
        auth.mail_requests (id) {
            id -> Uuid,
            user_id -> Uuid,
            kind -> Text,
            facts -> Jsonb,
            recipient_ct -> Nullable<Bytea>,
            requested_at -> Timestamptz,
            collected_at -> Nullable<Timestamptz>,
        }
    }

    diesel::table! {
        auth.one_time_tokens (id) {
            id -> Uuid,
            user_id -> Uuid,
            kind -> Text,
            token_hash -> Bytea,
            created_at -> Timestamptz,
            expires_at -> Timestamptz,
            used_at -> Nullable<Timestamptz>,
        }
    }

    diesel::table! {
        auth.privacy_answers (request_id, service) {
            request_id -> Uuid,
            service -> Text,
            answered_at -> Timestamptz,
        }
    }

    diesel::table! {
        auth.privacy_requests (id) {
            id -> Uuid,
            user_id -> Uuid,
            kind -> Text,
            state -> Text,
            reason -> Nullable<Text>,
            file_ct -> Nullable<Bytea>,
            requested_at -> Timestamptz,
            completed_at -> Nullable<Timestamptz>,
            expires_at -> Nullable<Timestamptz>,
        }
    }

    diesel::table! {
        auth.recovery_codes (id) {
            id -> Uuid,
            user_id -> Uuid,
            code_hash -> Bytea,
            created_at -> Timestamptz,
            used_at -> Nullable<Timestamptz>,
        }
    }

    diesel::table! {
        auth.refresh_tokens (id) {
            id -> Uuid,
            session_id -> Uuid,
            parent_id -> Nullable<Uuid>,
            token_hash -> Bytea,
            successor_ct -> Nullable<Bytea>,
            issued_at -> Timestamptz,
            expires_at -> Timestamptz,
            used_at -> Nullable<Timestamptz>,
            used_by_ip -> Nullable<Text>,
            used_by_user_agent_hash -> Nullable<Bytea>,
        }
    }

    diesel::table! {
        auth.session_revocations (id) {
            id -> Uuid,
            session_id -> Uuid,
            user_id -> Uuid,
            revoked_at -> Timestamptz,
            reason -> Text,
        }
    }

    diesel::table! {
        auth.sessions (id) {
            id -> Uuid,
            user_id -> Uuid,
            device_info -> Text,
            ip_address -> Text,
            user_agent -> Text,
            mfa -> Bool,
            created_at -> Timestamptz,
            last_used_at -> Timestamptz,
            expires_at -> Timestamptz,
            revoked_at -> Nullable<Timestamptz>,
            revoke_reason -> Nullable<Text>,
        }
    }

    diesel::table! {
        auth.signing_keys (kid) {
            kid -> Text,
            private_key_ct -> Bytea,
            public_jwk -> Jsonb,
            state -> Text,
            created_at -> Timestamptz,
            promote_at -> Timestamptz,
            retire_at -> Nullable<Timestamptz>,
        }
    }

    diesel::table! {
        auth.users (id) {
            id -> Uuid,
            email -> Nullable<Text>,
            name -> Nullable<Text>,
            phone_ct -> Nullable<Bytea>,
            phone_key_id -> Nullable<Text>,
            phone_bidx -> Nullable<Bytea>,
            password_hash -> Nullable<Text>,
            password_changed_at -> Timestamptz,
            role -> Text,
            verified_at -> Nullable<Timestamptz>,
            totp_secret_ct -> Nullable<Bytea>,
            totp_key_id -> Nullable<Text>,
            totp_enabled_at -> Nullable<Timestamptz>,
            totp_last_step -> Nullable<Int8>,
            totp_failed_attempts -> Int4,
            totp_locked_until -> Nullable<Timestamptz>,
            last_login_at -> Nullable<Timestamptz>,
            erased_at -> Nullable<Timestamptz>,
            version -> Int4,
            created_at -> Timestamptz,
            updated_at -> Timestamptz,
        }
    }

    diesel::joinable!(addresses -> users (user_id));
    diesel::joinable!(consents -> users (user_id));
    diesel::joinable!(known_devices -> users (user_id));
    diesel::joinable!(mail_requests -> users (user_id));
    diesel::joinable!(one_time_tokens -> users (user_id));
    diesel::joinable!(privacy_answers -> privacy_requests (request_id));
    diesel::joinable!(privacy_requests -> users (user_id));
    diesel::joinable!(recovery_codes -> users (user_id));
    diesel::joinable!(refresh_tokens -> sessions (session_id));
    diesel::joinable!(session_revocations -> sessions (session_id));
    diesel::joinable!(session_revocations -> users (user_id));
    diesel::joinable!(sessions -> users (user_id));

    diesel::allow_tables_to_appear_in_same_query!(
        addresses,
        consents,
        known_devices,
        login_attempts,
        mail_requests,
        one_time_tokens,
        privacy_answers,
        privacy_requests,
        recovery_codes,
        refresh_tokens,
        session_revocations,
        sessions,
        signing_keys,
        users,
    );
}
