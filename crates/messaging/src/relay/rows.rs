//! The outbox as the relay sees it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use common::context::TraceParent;
use common::statement::{Prepare as _, is_among};
use diesel::dsl::{count_star, now};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::interval::interval;
use crate::json_text::JsonText;
use crate::schema::outbox;

/// A row that waits for its publication.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub(crate) struct PromisedEvent {
    pub id: Uuid,
    pub created_at: DateTime<Utc>,
    pub event_type: String,
    pub payload: JsonText,
    pub traceparent: Option<String>,
}

impl PromisedEvent {
    /// The place in the trace of the request that caused it.
    pub(crate) fn trace(&self) -> Option<TraceParent> {
        TraceParent::parse(self.traceparent.as_deref()?)
    }
}

/// How much waits, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Rows not yet published.
    pub rows: i64,
    /// When the oldest was committed, and the database's time now.
    pub oldest: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// Locks the oldest due rows that nobody else has locked.
pub(super) async fn claim(
    conn: &mut AsyncPgConnection,
    rows_max: i64,
) -> QueryResult<Vec<PromisedEvent>> {
    // A partition that is new has no statistics: PostgreSQL takes it for empty, and would sort whatever it holds for
    // each batch instead of following the index.
    diesel::sql_query("SET LOCAL enable_sort = off")
        .prepared()
        .execute(conn)
        .await?;
    outbox::table
        .filter(outbox::published_at.is_null())
        .filter(outbox::next_attempt_at.le(now.into_sql::<Timestamptz>()))
        .order(outbox::id)
        .limit(rows_max)
        .select(PromisedEvent::as_select())
        .for_update()
        .skip_locked()
        .load(conn)
        .await
}

/// Notes that the broker has them.
pub(super) async fn mark_published(
    conn: &mut AsyncPgConnection,
    events: &[&PromisedEvent],
) -> QueryResult<()> {
    let Some((first, last)) = days(events) else {
        return Ok(());
    };
    // The days tell PostgreSQL in which partitions it need not look.
    diesel::update(outbox::table)
        .filter(is_among(outbox::id, events.iter().map(|event| event.id)))
        .filter(outbox::created_at.between(first, last))
        .set(outbox::published_at.eq(now))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes a failure that is about these rows, and when they are tried again.
pub(super) async fn put_off(
    conn: &mut AsyncPgConnection,
    events: &[&PromisedEvent],
    pause: Duration,
    why: &str,
) -> QueryResult<()> {
    let Some((first, last)) = days(events) else {
        return Ok(());
    };
    diesel::update(outbox::table)
        .filter(is_among(outbox::id, events.iter().map(|event| event.id)))
        .filter(outbox::created_at.between(first, last))
        .set((
            outbox::attempts.eq(outbox::attempts + 1),
            outbox::next_attempt_at.eq(now.into_sql::<Timestamptz>() + interval(pause)),
            outbox::last_error.eq(why),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

fn days(events: &[&PromisedEvent]) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let times = || events.iter().map(|event| event.created_at);
    times().min().zip(times().max())
}

/// What waits in the outbox.
///
/// # Errors
/// Those of the database.
pub async fn backlog(conn: &mut AsyncPgConnection) -> QueryResult<Backlog> {
    let waiting = outbox::table.filter(outbox::published_at.is_null());
    let rows = waiting.select(count_star()).first(conn).await?;
    let oldest = waiting
        .order(outbox::id)
        .select((outbox::created_at, now.into_sql::<Timestamptz>()))
        .first(conn)
        .await
        .optional()?;
    Ok(Backlog { rows, oldest })
}

/// Published rows of some types since a moment, in id order, after a row of an earlier page.
pub(crate) async fn replay_page(
    conn: &mut AsyncPgConnection,
    types: &[String],
    since: DateTime<Utc>,
    after: Uuid,
    rows_max: i64,
) -> QueryResult<Vec<PromisedEvent>> {
    outbox::table
        .filter(outbox::id.gt(after))
        .filter(outbox::created_at.ge(since))
        .filter(outbox::published_at.is_not_null())
        .filter(outbox::event_type.eq_any(types))
        .order(outbox::id)
        .limit(rows_max)
        .select(PromisedEvent::as_select())
        .load(conn)
        .await
}
