//! The list that verifiers poll.

use chrono::{DateTime, Utc};
use common::statement::Prepare as _;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::auth::session_revocations;
use crate::domain::ids::{SessionId, UserId};

/// Lists revoked sessions for the verifiers.
pub(crate) async fn insert(
    conn: &mut AsyncPgConnection,
    user: UserId,
    revoked: &[(Uuid, SessionId)],
    reason: &str,
) -> QueryResult<()> {
    let rows: Vec<_> = revoked
        .iter()
        .map(|(id, session)| {
            (
                session_revocations::id.eq(id),
                session_revocations::session_id.eq(session.0),
                session_revocations::user_id.eq(user.0),
                session_revocations::reason.eq(reason),
            )
        })
        .collect();
    diesel::insert_into(session_revocations::table)
        .values(rows)
        .on_conflict_do_nothing()
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Revocations at or after `since`, oldest first, at most `most`.
pub(crate) async fn list(
    conn: &mut AsyncPgConnection,
    since: DateTime<Utc>,
    most: usize,
) -> QueryResult<Vec<(Uuid, DateTime<Utc>)>> {
    session_revocations::table
        .filter(session_revocations::revoked_at.ge(since))
        .order((
            session_revocations::revoked_at,
            session_revocations::session_id,
        ))
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .select((
            session_revocations::session_id,
            session_revocations::revoked_at,
        ))
        .load(conn)
        .await
}

/// The database's clock, by which revocations are timed.
pub(crate) async fn now(conn: &mut AsyncPgConnection) -> QueryResult<DateTime<Utc>> {
    diesel::select(sql::<Timestamptz>("clock_timestamp()"))
        .get_result(conn)
        .await
}
