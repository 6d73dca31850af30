//! What each consumer has applied.

use chrono::{DateTime, Utc};
use common::statement::{Prepare as _, Statement};
use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::received::Received;
use crate::schema::inbox;

/// Whether a consumer has applied an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Not yet: apply it in this transaction.
    First,
    /// It has: there is nothing to do.
    Before,
}

/// Notes that the consumer applies an event; the first statement of the effect's own transaction.
///
/// Another delivery of the same event that is being applied at this moment is waited for.
///
/// # Errors
/// Those of the database.
pub async fn record<E>(conn: &mut AsyncPgConnection, event: &Received<E>) -> QueryResult<Seen> {
    let row = (
        inbox::consumer.eq(&*event.consumer),
        inbox::event_id.eq(event.id),
    );
    let inserted = diesel::insert_into(inbox::table)
        .values(row)
        .on_conflict_do_nothing()
        .prepared()
        .execute(conn)
        .await?;
    Ok(if inserted == 1 {
        Seen::First
    } else {
        Seen::Before
    })
}

/// Notes that the consumer applies a batch; answers the ids that are new, each once. For consumers of
/// many events in one transaction.
///
/// # Errors
/// Those of the database.
pub async fn record_all<E>(
    conn: &mut AsyncPgConnection,
    events: &[&Received<E>],
) -> QueryResult<Vec<Uuid>> {
    let Some(first) = events.first() else {
        return Ok(Vec::new());
    };
    let mut ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
    // In one order everywhere, so that two batches that share events wait for one another and do not deadlock.
    ids.sort_unstable();
    ids.dedup();
    const SQL: &str = "INSERT INTO inbox (consumer, event_id)
         SELECT ?, id FROM unnest(?) AS id ON CONFLICT DO NOTHING RETURNING event_id";
    Statement::new(SQL)
        .bind::<Text, _>(first.consumer.to_string())
        .bind::<Array<SqlUuid>, _>(ids)
        .get_results::<Fresh>(conn)
        .await
        .map(|fresh| fresh.into_iter().map(|row| row.event_id).collect())
}

#[derive(QueryableByName)]
struct Fresh {
    #[diesel(sql_type = SqlUuid)]
    event_id: Uuid,
}

/// When the consumer last applied something; none if never, or not for longer than rows are kept.
///
/// # Errors
/// Those of the database.
pub async fn newest(
    conn: &mut AsyncPgConnection,
    consumer: &str,
) -> QueryResult<Option<DateTime<Utc>>> {
    inbox::table
        .filter(inbox::consumer.eq(consumer))
        .select(max(inbox::processed_at))
        .first(conn)
        .await
}
