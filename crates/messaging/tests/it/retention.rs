use std::time::Duration;

use common::database::{Database, DatabaseSettings};
use diesel::dsl::sql;
use diesel::sql_types::{Array, BigInt, Text};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use messaging::retention::{self, Swept};
use test_support::TestDb;
use uuid::Uuid;

use crate::database::{as_owner, connect, start};

async fn sweep(db: &TestDb) -> Swept {
    let pool = Database::connect(&DatabaseSettings {
        url: db.url().into(),
        pool: 1,
        acquire: Duration::from_secs(5),
    });
    retention::sweep(&pool).await.unwrap()
}

async fn count(db: &TestDb, table: &str) -> i64 {
    sql::<BigInt>(&format!("SELECT count(*) FROM {table}"))
        .get_result(&mut connect(&db.url()).await)
        .await
        .unwrap()
}

async fn texts(db: &TestDb, query: &str) -> Vec<String> {
    sql::<Array<Text>>(&format!("SELECT ARRAY({query})"))
        .get_result(&mut connect(&db.url()).await)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_schema_without_anything_old_loses_nothing() {
    let db = start();
    let stage = "INSERT INTO inbox (consumer, event_id) VALUES ('orders.on_a', gen_random_uuid());
         INSERT INTO job_runs (job, business_date) VALUES ('j', now()::date)";
    as_owner(&db, stage).await;
    assert_eq!(sweep(&db).await, Swept::default());
    assert_eq!(
        (count(&db, "inbox").await, count(&db, "job_runs").await),
        (1, 1)
    );
}

#[tokio::test]
async fn old_inbox_rows_go_in_batches_and_young_ones_stay() {
    let db = start();
    // More than two batches of one consumer, a few of another, and a third that has no old ones.
    let stage = "INSERT INTO inbox (consumer, event_id, processed_at)
             SELECT 'orders.on_a', gen_random_uuid(), now() - interval '31 days'
             FROM generate_series(1, 4500);
         INSERT INTO inbox (consumer, event_id, processed_at)
             SELECT consumer, gen_random_uuid(), now() - age FROM (VALUES
                 ('orders.on_a', interval '29 days'), ('orders.on_b', interval '400 days'),
                 ('orders.on_b', interval '0'), ('orders.on_c', interval '29 days')
             ) AS rows (consumer, age);
         CREATE TABLE batches (rows bigint NOT NULL);
         CREATE FUNCTION note_batch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             INSERT INTO batches SELECT count(*) FROM gone;
             RETURN NULL;
         END $$;
         CREATE TRIGGER note_batch AFTER DELETE ON inbox REFERENCING OLD TABLE AS gone
             FOR EACH STATEMENT EXECUTE FUNCTION note_batch()";
    as_owner(&db, stage).await;
    assert_eq!(sweep(&db).await.inbox_rows, 4_501);
    assert_eq!(
        texts(&db, "SELECT consumer FROM inbox ORDER BY consumer").await,
        ["orders.on_a", "orders.on_b", "orders.on_c"]
    );
    assert_eq!(
        texts(
            &db,
            "SELECT rows::text FROM batches WHERE rows > 0 ORDER BY batches.rows"
        )
        .await,
        ["1", "500", "2000", "2000"]
    );
}

#[tokio::test]
async fn old_inbox_rows_are_found_by_the_index() {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
        text: String,
    }
    let db = start();
    let stage = "INSERT INTO inbox (consumer, event_id, processed_at)
             SELECT 'orders.on_' || n % 5, gen_random_uuid(), now() - n * interval '1 minute'
             FROM generate_series(1, 50000) AS n;
         ANALYZE inbox";
    as_owner(&db, stage).await;
    let plan: Vec<Line> = sql_query(
        "EXPLAIN SELECT ctid FROM inbox
         WHERE consumer = 'orders.on_1' AND processed_at < now() - interval '30 days'
         ORDER BY processed_at LIMIT 2000 FOR UPDATE SKIP LOCKED",
    )
    .load(&mut connect(&db.url()).await)
    .await
    .unwrap();
    let plan: Vec<String> = plan.into_iter().map(|line| line.text).collect();
    let condition = "Index Cond: ((consumer = 'orders.on_1'::text) AND (processed_at <";
    assert!(
        plan.iter().any(|line| line.contains(condition)),
        "{plan:#?}"
    );
}

#[tokio::test]
async fn a_dead_letter_that_waits_is_never_removed() {
    let db = start();
    let stage = "INSERT INTO dead_letters
             (id, consumer, body, headers, reason, attempts, died_at, redriven_at)
         SELECT gen_random_uuid(), 'orders.on_a', '', '{}', reason, 1, now() - interval '90 days',
             redriven_at
         FROM (VALUES ('waits', NULL), ('redriven long ago', now() - interval '31 days'),
                      ('redriven lately', now() - interval '29 days')) AS rows (reason, redriven_at)";
    as_owner(&db, stage).await;
    assert_eq!(sweep(&db).await.dead_letters, 1);
    assert_eq!(
        texts(&db, "SELECT reason FROM dead_letters ORDER BY reason").await,
        ["redriven lately", "waits"]
    );
}

#[tokio::test]
async fn runs_of_jobs_are_kept_for_more_than_a_year() {
    let db = start();
    let stage = "INSERT INTO job_runs (job, business_date)
         SELECT 'nightly', now()::date - age FROM generate_series(398, 403) AS age";
    as_owner(&db, stage).await;
    assert_eq!(sweep(&db).await.job_runs, 3);
    let oldest =
        "SELECT (now()::date - business_date)::text FROM job_runs ORDER BY business_date LIMIT 1";
    assert_eq!(texts(&db, oldest).await, ["400"]);
}

#[tokio::test]
async fn unpublished_events_survive_and_published_days_go() {
    let db = start();
    let partition = |age: u32, published: &str| {
        format!(
            "DO $$ DECLARE
                 day CONSTANT timestamptz :=
                     date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '{age} days';
             BEGIN
                 EXECUTE format('CREATE TABLE %I PARTITION OF outbox FOR VALUES FROM (%L) TO (%L)',
                     'outbox_p' || to_char(day AT TIME ZONE 'UTC', 'YYYYMMDD'), day, day + interval '1 day');
                 INSERT INTO outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type,
                     schema_version, payload, created_at, published_at)
                 VALUES (gen_random_uuid(), 'a', gen_random_uuid(), 1, '{age} days ago', 1, '{{}}', day, {published});
             END $$;"
        )
    };
    let stage = [
        partition(9, "now()"),
        partition(8, "NULL"),
        partition(7, "now()"),
    ]
    .concat();
    as_owner(&db, &stage).await;
    // A day that is missing ahead is made.
    let tomorrow: Vec<String> = texts(
        &db,
        "SELECT max(relname)::text FROM pg_class WHERE relname ~ '^outbox_p[0-9]{8}$'",
    )
    .await;
    as_owner(&db, &format!("DROP TABLE {}", tomorrow[0])).await;

    assert_eq!(sweep(&db).await.outbox_days, 1);
    assert_eq!(
        texts(&db, "SELECT event_type FROM outbox ORDER BY event_type").await,
        ["7 days ago", "8 days ago"]
    );
    let exists = format!(
        "SELECT relname::text FROM pg_class WHERE relname = '{}'",
        tomorrow[0]
    );
    assert_eq!(texts(&db, &exists).await, tomorrow);
}

#[tokio::test]
async fn old_answers_go_and_claims_are_left_to_their_service() {
    let db = start();
    let resource = Uuid::from_u128(7);
    let stage = format!(
        "INSERT INTO idempotency_keys (principal, operation, key, request_hash, state, resource_id,
             claimed_at, settled_at, response_status, response_content_type, response_body)
         SELECT 'u', 'POST /api/v1/orders', key, sha256(''), state, '{resource}', now() - age,
             CASE state WHEN 'done' THEN now() - age END, CASE state WHEN 'done' THEN 201 END,
             CASE state WHEN 'done' THEN 'application/json' END, CASE state WHEN 'done' THEN ''::bytea END
         FROM (VALUES ('abandoned', 'in_progress', interval '91 s'),
                      ('at work', 'in_progress', interval '30 s'),
                      ('old', 'done', interval '8 days'), ('young', 'done', interval '6 days')
         ) AS rows (key, state, age)"
    );
    as_owner(&db, &stage).await;
    let swept = sweep(&db).await;
    assert_eq!(swept.answers, 1);
    assert_eq!(
        texts(&db, "SELECT key FROM idempotency_keys ORDER BY key").await,
        ["abandoned", "at work", "young"]
    );
}
