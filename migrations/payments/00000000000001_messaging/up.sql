-- The tables behind a service's events, idempotency keys, audit entries and jobs.
-- Every service has the same copy as its first migration; it names no schema and no service:
-- tables land in the schema that comes first in the migrating role's search_path, and the
-- runtime role has that schema's name.

-- Outbox: what is promised to be published, written in the transaction of the change itself.
-- Partitioned by UTC day, so that old days are dropped whole instead of deleted row by row.
CREATE TABLE outbox (
    id uuid NOT NULL,
    aggregate_type text NOT NULL,
    aggregate_id uuid NOT NULL,
    aggregate_version bigint NOT NULL,
    event_type text NOT NULL,
    schema_version smallint NOT NULL,
    -- The whole envelope as it is published: the relay sends this text and composes nothing.
    payload jsonb NOT NULL,
    traceparent text,
    -- The database's clock, which partitioning and retention go by; the fact's own time is in the
    -- payload.
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    last_error text,
    CONSTRAINT outbox_pk PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);

-- Rows are claimed by state in id order, never by a cursor: commit order is not id order.
CREATE INDEX outbox_unpublished ON outbox (id) WHERE published_at IS NULL;

-- Catches the rows of a day whose partition was not made in time.
CREATE TABLE outbox_default PARTITION OF outbox DEFAULT;

-- Wakes the relay at commit. The payload is empty: the table says what there is to do.
CREATE FUNCTION outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_TABLE_SCHEMA || '_outbox', '');
    RETURN NULL;
END
$$;

CREATE TRIGGER outbox_notify AFTER INSERT ON outbox
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_notify();

-- Makes the partitions of today and the coming days; answers how many it made. The runtime role
-- may not create tables, so it calls this with the owner's rights.
CREATE FUNCTION outbox_make_partitions(days_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    first_day CONSTANT date := (now() AT TIME ZONE 'UTC')::date;
    from_time timestamptz;
    to_time timestamptz;
    partition_name text;
    made integer := 0;
BEGIN
    IF days_ahead NOT BETWEEN 0 AND 30 THEN
        RAISE EXCEPTION 'days_ahead must be between 0 and 30, not %', days_ahead;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || '.outbox_partitions', 0));
    FOR day_offset IN 0..days_ahead LOOP
        from_time := (first_day + day_offset)::timestamp AT TIME ZONE 'UTC';
        to_time := (first_day + day_offset + 1)::timestamp AT TIME ZONE 'UTC';
        partition_name := 'outbox_p' || to_char(first_day + day_offset, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(quote_ident(partition_name)) IS NOT NULL;
        -- A day that already has rows in the default partition stays there: attaching would fail.
        CONTINUE WHEN EXISTS (
            SELECT FROM outbox_default WHERE created_at >= from_time AND created_at < to_time
        );
        -- Made apart and attached, which does not lock out writers as PARTITION OF would.
        EXECUTE format(
            'CREATE TABLE %I (LIKE outbox INCLUDING ALL) WITH (autovacuum_vacuum_scale_factor = 0.01)',
            partition_name
        );
        EXECUTE format(
            'ALTER TABLE outbox ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            partition_name, from_time, to_time
        );
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

-- Drops the days older than keep_days whose rows are all published; answers how many it dropped.
-- A day with an unpublished row stays whole: nothing promised is ever dropped.
CREATE FUNCTION outbox_drop_partitions(keep_days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    first_kept CONSTANT date := (now() AT TIME ZONE 'UTC')::date - keep_days;
    partition_name text;
    has_unpublished boolean;
    dropped integer := 0;
BEGIN
    IF keep_days < 1 THEN
        RAISE EXCEPTION 'keep_days must be at least 1, not %', keep_days;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || '.outbox_partitions', 0));
    FOR partition_name IN
        SELECT child.relname FROM pg_inherits
        JOIN pg_class child ON child.oid = inhrelid
        WHERE inhparent = 'outbox'::regclass
          AND child.relname ~ '^outbox_p[0-9]{8}$'
          AND to_date(right(child.relname, 8), 'YYYYMMDD') < first_kept
        ORDER BY child.relname
    LOOP
        EXECUTE format(
            'SELECT EXISTS (SELECT FROM %I WHERE published_at IS NULL)', partition_name
        ) INTO has_unpublished;
        CONTINUE WHEN has_unpublished;
        EXECUTE format('DROP TABLE %I', partition_name);
        dropped := dropped + 1;
    END LOOP;
    DELETE FROM outbox_default
    WHERE published_at IS NOT NULL AND created_at < first_kept::timestamp AT TIME ZONE 'UTC';
    RETURN dropped;
END
$$;

-- Inbox: which consumer has applied which event; written in the transaction of the effect.
CREATE TABLE inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    processed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT inbox_pk PRIMARY KEY (consumer, event_id)
);

-- For retention, and for finding where a consumer that lost its queue has to resume.
CREATE INDEX inbox_processed_at ON inbox (consumer, processed_at);

-- Deliveries that were given up, as received: the body may be anything, so it is kept as bytes.
CREATE TABLE dead_letters (
    id uuid NOT NULL,
    consumer text NOT NULL,
    event_id uuid,
    event_type text,
    body bytea NOT NULL,
    headers jsonb NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL,
    died_at timestamptz NOT NULL DEFAULT now(),
    redriven_at timestamptz,
    CONSTRAINT dead_letters_pk PRIMARY KEY (id)
);

CREATE INDEX dead_letters_waiting ON dead_letters (consumer, died_at) WHERE redriven_at IS NULL;

-- Idempotency keys: a claim commits alone before anything happens, its answer with the effect.
CREATE TABLE idempotency_keys (
    principal text NOT NULL,
    operation text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    state text NOT NULL,
    epoch integer NOT NULL DEFAULT 1,
    resource_id uuid NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    response_status smallint,
    response_content_type text,
    response_location text,
    response_body bytea,
    CONSTRAINT idempotency_keys_pk PRIMARY KEY (principal, operation, key),
    CONSTRAINT idempotency_keys_hash_is_sha256 CHECK (octet_length(request_hash) = 32),
    CONSTRAINT idempotency_keys_state CHECK (state IN ('in_progress', 'done')),
    CONSTRAINT idempotency_keys_done_has_answer CHECK (
        (state = 'done') = (settled_at IS NOT NULL)
        AND (state = 'done') = (response_status IS NOT NULL)
        AND (state = 'done') = (response_content_type IS NOT NULL)
        AND (state = 'done') = (response_body IS NOT NULL)
    ),
    CONSTRAINT idempotency_keys_only_success CHECK (response_status BETWEEN 200 AND 299)
);

CREATE INDEX idempotency_keys_in_progress ON idempotency_keys (claimed_at)
    WHERE state = 'in_progress';
CREATE INDEX idempotency_keys_settled_at ON idempotency_keys (settled_at);

-- Audit entries: who did what. Append-only, for everyone.
CREATE TABLE audit_events (
    id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    actor_id uuid,
    actor_role text NOT NULL,
    action text NOT NULL,
    entity_type text NOT NULL,
    entity_id text NOT NULL,
    -- Canonical JSON kept as text, because the audit chain hashes exactly these bytes.
    metadata text NOT NULL,
    request_id text,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT audit_events_pk PRIMARY KEY (id)
);

CREATE INDEX audit_events_by_entity ON audit_events (entity_type, entity_id, occurred_at);
CREATE INDEX audit_events_by_actor ON audit_events (actor_id, occurred_at);

CREATE FUNCTION audit_events_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_events is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION audit_events_refuse_change();

-- Leases: one process at a time does a periodic job; the epoch fences off a late predecessor.
CREATE TABLE leases (
    name text NOT NULL,
    holder uuid NOT NULL,
    epoch bigint NOT NULL DEFAULT 1,
    held_until timestamptz NOT NULL,
    CONSTRAINT leases_pk PRIMARY KEY (name)
);

-- Job runs: a job runs once per business date, and resumes from its cursor after a crash.
CREATE TABLE job_runs (
    job text NOT NULL,
    business_date date NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    position text,
    outcome text,
    CONSTRAINT job_runs_pk PRIMARY KEY (job, business_date)
);

-- What depends on the schema's and the runtime role's name.
DO $$
BEGIN
    -- A function with its owner's rights must not look names up where its caller says.
    EXECUTE format(
        'ALTER FUNCTION outbox_make_partitions(integer) SET search_path = %I, pg_temp',
        current_schema()
    );
    EXECUTE format(
        'ALTER FUNCTION outbox_drop_partitions(integer) SET search_path = %I, pg_temp',
        current_schema()
    );
    REVOKE ALL ON FUNCTION outbox_make_partitions(integer) FROM PUBLIC;
    REVOKE ALL ON FUNCTION outbox_drop_partitions(integer) FROM PUBLIC;
    EXECUTE format(
        'GRANT EXECUTE ON FUNCTION outbox_make_partitions(integer) TO %I', current_schema()
    );
    EXECUTE format(
        'GRANT EXECUTE ON FUNCTION outbox_drop_partitions(integer) TO %I', current_schema()
    );
    EXECUTE format(
        'REVOKE UPDATE, DELETE, TRUNCATE ON audit_events FROM %I', current_schema()
    );
END
$$;

SELECT outbox_make_partitions(3);
