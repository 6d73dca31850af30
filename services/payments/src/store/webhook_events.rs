//! What the provider told, and who is at it.

use chrono::{DateTime, Utc};
use common::statement::{Prepare as _, Statement};
use diesel::prelude::*;
use diesel::sql_types::{
    BigInt, Bool, Bytea, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::payments::webhook_events;

/// The column of bodies, for sealing them.
pub(crate) const BODY_COLUMN: &str = "webhook_events.body";

/// Something that was told.
#[derive(Debug, Clone)]
pub(crate) struct NewEvent {
    pub(crate) id: Uuid,
    pub(crate) key: String,
    pub(crate) body_sha256: Vec<u8>,
    pub(crate) kind: String,
    pub(crate) reference: Option<String>,
    /// The provider's number of the dispute that it is about.
    pub(crate) dispute: Option<String>,
    pub(crate) body_ct: Vec<u8>,
    pub(crate) now: DateTime<Utc>,
}

/// Keeps an event unless one is known by its key; answers whether it was kept.
pub(crate) async fn insert(conn: &mut AsyncPgConnection, event: &NewEvent) -> QueryResult<bool> {
    let inserted = diesel::insert_into(webhook_events::table)
        .values((
            webhook_events::id.eq(event.id),
            webhook_events::event_key.eq(&event.key),
            webhook_events::body_sha256.eq(&event.body_sha256),
            webhook_events::event_type.eq(&event.kind),
            webhook_events::reference.eq(event.reference.as_deref()),
            webhook_events::dispute.eq(event.dispute.as_deref()),
            webhook_events::body_ct.eq(&event.body_ct),
            webhook_events::next_attempt_at.eq(event.now),
            webhook_events::received_at.eq(event.now),
        ))
        .on_conflict_do_nothing()
        .prepared()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}

/// Keeps an event beside the one that is known by its key, if that has another body; answers whether it was kept.
pub(crate) async fn insert_contradiction(
    conn: &mut AsyncPgConnection,
    event: &NewEvent,
) -> QueryResult<bool> {
    const SQL: &str = "INSERT INTO webhook_events (id, event_key, body_sha256, event_type, reference, dispute, body_ct,
             is_contradiction, next_attempt_at, received_at)
         SELECT ?, known.event_key || '|' || encode(?, 'hex'), ?, ?, ?, ?, ?, true, ?, ? FROM webhook_events known
         WHERE known.event_key = ? AND known.body_sha256 <> ? ON CONFLICT DO NOTHING";
    let inserted = Statement::new(SQL)
        .bind::<SqlUuid, _>(event.id)
        .bind::<Bytea, _>(event.body_sha256.clone())
        .bind::<Bytea, _>(event.body_sha256.clone())
        .bind::<Text, _>(event.kind.clone())
        .bind::<Nullable<Text>, _>(event.reference.clone())
        .bind::<Nullable<Text>, _>(event.dispute.clone())
        .bind::<Bytea, _>(event.body_ct.clone())
        .bind::<Timestamptz, _>(event.now)
        .bind::<Timestamptz, _>(event.now)
        .bind::<Text, _>(event.key.clone())
        .bind::<Bytea, _>(event.body_sha256.clone())
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}

/// An event that this process has in hand.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct ClaimedEvent {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) id: Uuid,
    #[diesel(sql_type = Text)]
    pub(crate) event_type: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) reference: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) dispute: Option<String>,
    #[diesel(sql_type = Bool)]
    pub(crate) is_contradiction: bool,
    /// Which claim it is; see [`put_off`].
    #[diesel(sql_type = Integer)]
    pub(crate) attempts: i32,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) received_at: DateTime<Utc>,
}

/// Takes the event that is due longest and that nobody else has in hand, until `until`.
pub(crate) async fn claim_next(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> QueryResult<Option<ClaimedEvent>> {
    // Materialized: a subquery may be run once for each row of the table, and take another row each time.
    const SQL: &str = "WITH due AS MATERIALIZED (
             SELECT id FROM webhook_events WHERE next_attempt_at <= ?
             ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
         UPDATE webhook_events e SET attempts = e.attempts + 1, next_attempt_at = ?
         FROM due WHERE e.id = due.id
         RETURNING e.id, e.event_type, e.reference, e.dispute, e.is_contradiction, e.attempts, e.received_at";
    Statement::new(SQL)
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(until)
        .get_result(conn)
        .await
        .optional()
}

/// Lets an event wait; does nothing if another process took it over meanwhile.
pub(crate) async fn put_off(
    conn: &mut AsyncPgConnection,
    event: &ClaimedEvent,
    until: DateTime<Utc>,
    cause: &str,
) -> QueryResult<()> {
    diesel::update(webhook_events::table.find(event.id))
        .filter(webhook_events::attempts.eq(event.attempts))
        .filter(webhook_events::status.eq("received"))
        .set((
            webhook_events::next_attempt_at.eq(until),
            webhook_events::last_error.eq(cause),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes what became of an event, and drops what was told about somebody who was forgotten before it came.
pub(crate) async fn end(
    conn: &mut AsyncPgConnection,
    event: &ClaimedEvent,
    status: &'static str,
    outcome: &'static str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    const SQL: &str = "UPDATE webhook_events e SET status = ?, outcome = ?, processed_at = ?, next_attempt_at = NULL,
             body_ct = CASE WHEN EXISTS (SELECT FROM payments p WHERE p.reference = e.reference AND p.user_id IS NULL)
                 THEN NULL ELSE e.body_ct END
         WHERE e.id = ? AND e.status = 'received'";
    Statement::new(SQL)
        .bind::<Text, _>(status)
        .bind::<Text, _>(outcome)
        .bind::<Timestamptz, _>(now)
        .bind::<SqlUuid, _>(event.id)
        .execute(conn)
        .await?;
    Ok(())
}

/// When the oldest event came that still waits.
pub(crate) async fn oldest_waiting(
    conn: &mut AsyncPgConnection,
) -> QueryResult<Option<DateTime<Utc>>> {
    webhook_events::table
        .filter(webhook_events::status.eq("received"))
        .order(webhook_events::received_at)
        .select(webhook_events::received_at)
        .first(conn)
        .await
        .optional()
}

/// Drops the bodies of what came before a time; answers how many.
pub(crate) async fn drop_bodies(
    conn: &mut AsyncPgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> QueryResult<usize> {
    const SQL: &str = "UPDATE webhook_events SET body_ct = NULL WHERE id = ANY (ARRAY (
             SELECT id FROM webhook_events WHERE body_ct IS NOT NULL AND received_at < ?
             ORDER BY received_at LIMIT ? FOR UPDATE SKIP LOCKED))";
    Statement::new(SQL)
        .bind::<Timestamptz, _>(before)
        .bind::<BigInt, _>(limit)
        .execute(conn)
        .await
}
