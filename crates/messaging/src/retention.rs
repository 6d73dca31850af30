//! Removing from the messaging tables what has had its time.
//!
//! Everything goes in batches that commit alone, so that no statement runs into its time limit, and
//! rows that somebody holds are left for the next time. Any number of replicas may sweep at once.

use std::time::Duration;

use common::database::{Database, DbError};
use common::ids;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Interval, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::idempotency;
use crate::interval::interval;
use crate::leases::{Lease, LeaseKeeper};
use crate::outbox;

/// How often.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// A service that is down over a long weekend still finds its partitions made.
pub const OUTBOX_DAYS_AHEAD: i32 = 3;
/// As long as a consumer that lost its queue can have everything published again.
pub const OUTBOX_DAYS_KEPT: i32 = 7;
/// Much longer than any event can come again: a queue gives it back within minutes, a replay within
/// the week that the outbox is kept. What lay in a queue while its consumer was away for weeks has
/// not been applied.
pub const INBOX_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// A dead letter that was sent back is kept for asking later what had been wrong. One that waits is
/// kept for ever.
pub const REDRIVEN_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// A year of nightly runs to compare with, and a month on top.
pub const JOB_RUNS_KEPT: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// Rows that one statement deletes: some ten milliseconds.
const BATCH: i64 = 2_000;

/// What a sweep removed.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Swept {
    /// Days of the outbox.
    pub outbox_days: i32,
    /// Rows of the inbox.
    pub inbox_rows: usize,
    /// Dead letters that had been sent back.
    pub dead_letters: usize,
    /// Runs of jobs.
    pub job_runs: usize,
    /// Stored answers to idempotency keys.
    pub answers: usize,
}

/// Sweeps every hour until told to stop, in one process of the service at a time.
pub(crate) async fn run(db: Database, shutdown: CancellationToken) {
    let keeper = LeaseKeeper::new(db.clone(), "retention", ids::new_id());
    let work = |_: Lease| {
        let db = db.clone();
        async move {
            loop {
                match sweep(&db).await {
                    Ok(swept) if swept == Swept::default() => {}
                    Ok(swept) => tracing::info!(?swept, "rows that had their time are removed"),
                    Err(error) => {
                        tracing::warn!(cause = %error, "old rows could not be removed; trying again later");
                    }
                }
                sleep(EVERY).await;
            }
        }
    };
    keeper.hold(shutdown, work).await;
}

/// Sweeps the messaging tables of one schema, and makes the outbox's coming partitions.
///
/// Claims of idempotency keys that were abandoned are left to the service's own sweep: it has to give back what its use
/// case had others hold under the resource's id.
///
/// # Errors
/// Those of the database; what was removed until then stays removed.
pub async fn sweep(db: &Database) -> Result<Swept, DbError> {
    let mut conn = db.get().await?;
    let conn = &mut *conn;
    // First, so that no failure of what follows leaves a day without a partition.
    outbox::make_partitions(conn, OUTBOX_DAYS_AHEAD).await?;
    let mut swept = Swept {
        outbox_days: outbox::drop_partitions(conn, OUTBOX_DAYS_KEPT).await?,
        ..Swept::default()
    };
    for consumer in consumers(conn).await? {
        swept.inbox_rows += sweep_inbox(conn, &consumer).await?;
    }
    swept.dead_letters = delete_batches(conn, DEAD_LETTERS, REDRIVEN_KEPT).await?;
    swept.job_runs = delete_batches(conn, JOB_RUNS, JOB_RUNS_KEPT).await?;
    loop {
        let purged = idempotency::purge(conn, idempotency::KEEP_FOR).await?;
        swept.answers += purged;
        if purged == 0 {
            return Ok(swept);
        }
    }
}

/// Each consumer that has rows, found by one step in the index for each rather than by reading all.
async fn consumers(conn: &mut AsyncPgConnection) -> QueryResult<Vec<String>> {
    let rows: Vec<Consumer> = diesel::sql_query(
        "WITH RECURSIVE consumers AS (
             (SELECT consumer FROM inbox ORDER BY consumer LIMIT 1)
             UNION ALL
             SELECT (SELECT inbox.consumer FROM inbox
                     WHERE inbox.consumer > consumers.consumer ORDER BY inbox.consumer LIMIT 1)
             FROM consumers WHERE consumers.consumer IS NOT NULL
         )
         SELECT consumer FROM consumers WHERE consumer IS NOT NULL",
    )
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.consumer).collect())
}

#[derive(QueryableByName)]
struct Consumer {
    #[diesel(sql_type = Text)]
    consumer: String,
}

async fn sweep_inbox(conn: &mut AsyncPgConnection, consumer: &str) -> QueryResult<usize> {
    let mut deleted = 0;
    loop {
        let batch = diesel::sql_query(INBOX)
            .bind::<Interval, _>(interval(INBOX_KEPT))
            .bind::<BigInt, _>(BATCH)
            .bind::<Text, _>(consumer)
            .execute(conn)
            .await?;
        deleted += batch;
        if batch == 0 {
            return Ok(deleted);
        }
    }
}

/// By consumer and time, as the index is; the oldest first, so that each batch starts where the last
/// one ended.
const INBOX: &str = "DELETE FROM inbox WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM inbox WHERE consumer = $3 AND processed_at < now() - $1
    ORDER BY processed_at LIMIT $2 FOR UPDATE SKIP LOCKED))";

/// Without an index: a table of exceptions is small.
const DEAD_LETTERS: &str = "DELETE FROM dead_letters WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM dead_letters WHERE redriven_at < now() - $1
    LIMIT $2 FOR UPDATE SKIP LOCKED))";

/// Without an index: a few rows for each day.
const JOB_RUNS: &str = "DELETE FROM job_runs WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM job_runs WHERE business_date < (now() - $1)::date
    LIMIT $2 FOR UPDATE SKIP LOCKED))";

async fn delete_batches(
    conn: &mut AsyncPgConnection,
    statement: &str,
    kept: Duration,
) -> QueryResult<usize> {
    let mut deleted = 0;
    loop {
        let batch = diesel::sql_query(statement)
            .bind::<Interval, _>(interval(kept))
            .bind::<BigInt, _>(BATCH)
            .execute(conn)
            .await?;
        deleted += batch;
        if batch == 0 {
            return Ok(deleted);
        }
    }
}
