//! Sessions: one login each.

use chrono::{DateTime, Utc};
use common::statement::Prepare as _;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::auth::sessions;
use crate::domain::ids::{SessionId, UserId};

/// A session.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, check_for_backend(diesel::pg::Pg))]
pub(crate) struct SessionRow {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) device_info: String,
    pub(crate) ip_address: String,
    pub(crate) user_agent: String,
    pub(crate) mfa: bool,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) last_used_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) revoked_at: Option<DateTime<Utc>>,
}

impl SessionRow {
    /// The session's id.
    pub(crate) fn id(&self) -> SessionId {
        SessionId(self.id)
    }
}

/// Stores a new session.
pub(crate) async fn insert(conn: &mut AsyncPgConnection, session: &SessionRow) -> QueryResult<()> {
    diesel::insert_into(sessions::table)
        .values(session)
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// The session, holding its row until the transaction ends.
pub(crate) async fn lock(
    conn: &mut AsyncPgConnection,
    id: SessionId,
) -> QueryResult<Option<SessionRow>> {
    sessions::table
        .find(id.0)
        .select(SessionRow::as_select())
        .for_no_key_update()
        .first(conn)
        .await
        .optional()
}

/// Notes that a session was refreshed, and from where.
pub(crate) async fn touch(
    conn: &mut AsyncPgConnection,
    id: SessionId,
    ip_address: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(sessions::table.find(id.0))
        .set((
            sessions::last_used_at.eq(now),
            sessions::ip_address.eq(ip_address),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// The live sessions of an account, most recently used first.
pub(crate) async fn list_live(
    conn: &mut AsyncPgConnection,
    user: UserId,
    now: DateTime<Utc>,
    most: i64,
) -> QueryResult<Vec<SessionRow>> {
    sessions::table
        .filter(sessions::user_id.eq(user.0))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .order(sessions::last_used_at.desc())
        .limit(most)
        .select(SessionRow::as_select())
        .load(conn)
        .await
}

/// Which sessions of an account to revoke.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which {
    /// One.
    Only(SessionId),
    /// Every one but this.
    AllBut(SessionId),
    /// Every one.
    All,
}

/// Marks live sessions as revoked and answers which they were.
pub(crate) async fn revoke(
    conn: &mut AsyncPgConnection,
    user: UserId,
    which: Which,
    reason: &str,
    now: DateTime<Utc>,
) -> QueryResult<Vec<SessionId>> {
    let live = sessions::table
        .filter(sessions::user_id.eq(user.0))
        .filter(sessions::revoked_at.is_null());
    let revoked = (
        sessions::revoked_at.eq(now),
        sessions::revoke_reason.eq(reason),
    );
    let ids: Vec<Uuid> = match which {
        Which::Only(id) => {
            let one = live.filter(sessions::id.eq(id.0));
            diesel::update(one)
                .set(revoked)
                .returning(sessions::id)
                .prepared()
                .load(conn)
                .await?
        }
        Which::AllBut(id) => {
            let others = live.filter(sessions::id.ne(id.0));
            diesel::update(others)
                .set(revoked)
                .returning(sessions::id)
                .prepared()
                .load(conn)
                .await?
        }
        Which::All => {
            diesel::update(live)
                .set(revoked)
                .returning(sessions::id)
                .prepared()
                .load(conn)
                .await?
        }
    };
    Ok(ids.into_iter().map(SessionId).collect())
}

/// Deletes sessions that ended before `before`, with their tokens and revocations; answers how many.
pub(crate) async fn sweep(
    conn: &mut AsyncPgConnection,
    before: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::delete(sessions::table.filter(sessions::expires_at.lt(before)))
        .execute(conn)
        .await
}
