//! Promises to publish: rows written in the transaction of the change that they tell of.

use common::statement::{Prepare as _, Statement};
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use events::envelope::EventMeta;
use events::{Envelope, Event};
use uuid::Uuid;

use crate::json_text::JsonText;
use crate::schema::outbox;

/// The most events one statement carries, so that none is held in memory many times over.
const ROWS_PER_INSERT: usize = 1_000;

/// Appends one event in the caller's transaction; the relay learns of it at commit.
///
/// # Errors
/// Those of the database, and [`Error::SerializationError`] should the event not be JSON.
pub async fn append<E: Event>(
    conn: &mut AsyncPgConnection,
    event: &E,
    meta: &EventMeta,
) -> QueryResult<()> {
    let row = OutboxRow::of(event, meta)?;
    diesel::insert_into(outbox::table)
        .values(row)
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Appends several events of one type in the caller's transaction, in one statement per thousand.
///
/// # Errors
/// As [`append`].
pub async fn append_all<E: Event>(
    conn: &mut AsyncPgConnection,
    events: &[(E, EventMeta)],
) -> QueryResult<()> {
    const SQL: &str = "INSERT INTO outbox (aggregate_type, event_type, schema_version,
             id, aggregate_id, aggregate_version, payload, traceparent)
         SELECT ?, ?, ?, * FROM unnest(?, ?, ?, ?::jsonb[], ?)";
    for chunk in events.chunks(ROWS_PER_INSERT) {
        let rows = chunk
            .iter()
            .map(|(event, meta)| OutboxRow::of(event, meta))
            .collect::<QueryResult<Vec<_>>>()?;
        let ids = |of: fn(&OutboxRow) -> Uuid| rows.iter().map(of).collect::<Vec<Uuid>>();
        let (ids, aggregates) = (ids(|row| row.id), ids(|row| row.aggregate_id));
        let versions: Vec<i64> = rows.iter().map(|row| row.aggregate_version).collect();
        let (payloads, traces): (Vec<JsonText>, Vec<Option<String>>) = rows
            .into_iter()
            .map(|row| (row.payload, row.traceparent))
            .unzip();
        Statement::new(SQL)
            .bind::<Text, _>(E::AGGREGATE)
            .bind::<Text, _>(E::TYPE)
            .bind::<SmallInt, _>(schema_version::<E>()?)
            .bind::<Array<SqlUuid>, _>(ids)
            .bind::<Array<SqlUuid>, _>(aggregates)
            .bind::<Array<BigInt>, _>(versions)
            .bind::<Array<Jsonb>, _>(payloads)
            .bind::<Array<Nullable<Text>>, _>(traces)
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// Makes today's partition and those of the coming days; for start-up and a daily job.
/// Returns how many were made.
///
/// # Errors
/// Those of the database; above 30 days it refuses.
pub async fn make_partitions(conn: &mut AsyncPgConnection, days_ahead: i32) -> QueryResult<i32> {
    diesel::select(functions::outbox_make_partitions(days_ahead))
        .get_result(conn)
        .await
}

/// Drops the days older than `keep_days` whose events are all published.
/// Returns how many were dropped.
///
/// # Errors
/// Those of the database; below one day it refuses.
pub async fn drop_partitions(conn: &mut AsyncPgConnection, keep_days: i32) -> QueryResult<i32> {
    diesel::select(functions::outbox_drop_partitions(keep_days))
        .get_result(conn)
        .await
}

/// The owner's functions of the migration, as diesel sees them.
mod functions {
    use diesel::sql_types::Integer;

    #[diesel::declare_sql_function]
    extern "SQL" {
        /// Makes partitions; returns how many.
        fn outbox_make_partitions(days_ahead: Integer) -> Integer;
        /// Drops partitions; returns how many.
        fn outbox_drop_partitions(keep_days: Integer) -> Integer;
    }
}

/// One row as it is inserted; the remaining columns have the database's defaults.
#[derive(Insertable)]
#[diesel(table_name = outbox)]
struct OutboxRow {
    id: Uuid,
    aggregate_type: &'static str,
    aggregate_id: Uuid,
    aggregate_version: i64,
    event_type: &'static str,
    schema_version: i16,
    payload: JsonText,
    traceparent: Option<String>,
}

impl OutboxRow {
    fn of<E: Event>(event: &E, meta: &EventMeta) -> QueryResult<Self> {
        let envelope = serde_json::to_string(&Envelope::wrap(event, meta))
            .map_err(|error| Error::SerializationError(Box::new(error)))?;
        Ok(Self {
            id: meta.id,
            aggregate_type: E::AGGREGATE,
            aggregate_id: event.aggregate_id(),
            aggregate_version: meta.aggregate_version,
            event_type: E::TYPE,
            schema_version: schema_version::<E>()?,
            payload: JsonText(envelope),
            traceparent: meta.traceparent.clone(),
        })
    }
}

fn schema_version<E: Event>() -> QueryResult<i16> {
    i16::try_from(E::VERSION).map_err(|error| Error::SerializationError(Box::new(error)))
}
