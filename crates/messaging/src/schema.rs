//! The tables of the migration under `migrations/`, as diesel sees them.

#![expect(
    missing_docs,
    reason = "each table and column is explained in the migration"
)]

diesel::table! {
    outbox (id, created_at) {
        id -> Uuid,
        aggregate_type -> Text,
        aggregate_id -> Uuid,
        aggregate_version -> BigInt,
        event_type -> Text,
        schema_version -> SmallInt,
        payload -> Jsonb,
        traceparent -> Nullable<Text>,
        created_at -> Timestamptz,
        published_at -> Nullable<Timestamptz>,
        attempts -> Integer,
        next_attempt_at -> Timestamptz,
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    inbox (consumer, event_id) {
        consumer -> Text,
        event_id -> Uuid,
        processed_at -> Timestamptz,
    }
}

diesel::table! {
    dead_letters (id) {
        id -> Uuid,
        consumer -> Text,
        event_id -> Nullable<Uuid>,
        event_type -> Nullable<Text>,
        body -> Bytea,
        headers -> Jsonb,
        reason -> Text,
        attempts -> Integer,
        died_at -> Timestamptz,
        redriven_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    idempotency_keys (principal, operation, key) {
        principal -> Text,
        operation -> Text,
        key -> Text,
        request_hash -> Bytea,
        state -> Text,
        epoch -> Integer,
        resource_id -> Uuid,
        claimed_at -> Timestamptz,
        settled_at -> Nullable<Timestamptz>,
        response_status -> Nullable<SmallInt>,
        response_content_type -> Nullable<Text>,
        response_location -> Nullable<Text>,
        response_body -> Nullable<Bytea>,
    }
}

diesel::table! {
    audit_events (id) {
        id -> Uuid,
        occurred_at -> Timestamptz,
        actor_id -> Nullable<Uuid>,
        actor_role -> Text,
        action -> Text,
        entity_type -> Text,
        entity_id -> Text,
        metadata -> Text,
        request_id -> Nullable<Text>,
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    leases (name) {
        name -> Text,
        holder -> Uuid,
        epoch -> BigInt,
        held_until -> Timestamptz,
    }
}

diesel::table! {
    job_runs (job, business_date) {
        job -> Text,
        business_date -> Date,
        started_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
        position -> Nullable<Text>,
        outcome -> Nullable<Text>,
    }
}
