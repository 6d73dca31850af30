//! Requests for one's own data and for its erasure.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::auth::{privacy_answers, privacy_requests};
use crate::domain::ids::{PrivacyRequestId, UserId};

/// Where an export's file is sealed to.
pub(crate) const FILE_COLUMN: &str = "privacy_requests.file";

const EXPORT: &str = "export";
const ERASE: &str = "erase";
const PENDING: &str = "pending";
const DONE: &str = "done";
const FAILED: &str = "failed";

/// An export that a person asked for.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = privacy_requests)]
pub(crate) struct ExportRow {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) state: String,
    pub(crate) file_ct: Option<Vec<u8>>,
    pub(crate) requested_at: DateTime<Utc>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

impl ExportRow {
    /// Whether it was given up.
    pub(crate) fn has_failed(&self) -> bool {
        self.state == FAILED
    }
}

/// Notes a wish for an export. A person has one pending at most: while there is one, its id is the answer.
pub(crate) async fn request_export(
    conn: &mut AsyncPgConnection,
    fresh: PrivacyRequestId,
    user: UserId,
    now: DateTime<Utc>,
) -> QueryResult<PrivacyRequestId> {
    // A conflict updates the row to what it is, because only then does the statement return it.
    let id = diesel::insert_into(privacy_requests::table)
        .values((
            privacy_requests::id.eq(fresh.0),
            privacy_requests::user_id.eq(user.0),
            privacy_requests::kind.eq(EXPORT),
            privacy_requests::state.eq(PENDING),
            privacy_requests::requested_at.eq(now),
        ))
        .on_conflict((privacy_requests::user_id, privacy_requests::kind))
        .filter_target(privacy_requests::state.eq(PENDING))
        .do_update()
        .set(privacy_requests::state.eq(PENDING))
        .returning(privacy_requests::id)
        .get_result(conn)
        .await?;
    Ok(PrivacyRequestId(id))
}

/// An export of this person; none if it is not there or somebody else's.
pub(crate) async fn find_export(
    conn: &mut AsyncPgConnection,
    user: UserId,
    export: PrivacyRequestId,
) -> QueryResult<Option<ExportRow>> {
    privacy_requests::table
        .find(export.0)
        .filter(privacy_requests::user_id.eq(user.0))
        .filter(privacy_requests::kind.eq(EXPORT))
        .select(ExportRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// The oldest exports that wait to be made.
pub(crate) async fn pending_exports(
    conn: &mut AsyncPgConnection,
    rows_max: i64,
) -> QueryResult<Vec<ExportRow>> {
    privacy_requests::table
        .filter(privacy_requests::kind.eq(EXPORT))
        .filter(privacy_requests::state.eq(PENDING))
        .order(privacy_requests::requested_at)
        .limit(rows_max)
        .select(ExportRow::as_select())
        .load(conn)
        .await
}

/// Stores a finished export; `false` if another process finished it first.
pub(crate) async fn finish_export(
    conn: &mut AsyncPgConnection,
    export: PrivacyRequestId,
    file_ct: &[u8],
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> QueryResult<bool> {
    let finished = diesel::update(privacy_requests::table.find(export.0))
        .filter(privacy_requests::state.eq(PENDING))
        .set((
            privacy_requests::state.eq(DONE),
            privacy_requests::file_ct.eq(file_ct),
            privacy_requests::completed_at.eq(now),
            privacy_requests::expires_at.eq(expires_at),
        ))
        .execute(conn)
        .await?;
    Ok(finished == 1)
}

/// Gives an export up.
pub(crate) async fn fail_export(
    conn: &mut AsyncPgConnection,
    export: PrivacyRequestId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(privacy_requests::table.find(export.0))
        .filter(privacy_requests::state.eq(PENDING))
        .set((
            privacy_requests::state.eq(FAILED),
            privacy_requests::completed_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Throws away the files whose time is over; answers how many.
pub(crate) async fn drop_expired_files(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::update(privacy_requests::table)
        .filter(privacy_requests::file_ct.is_not_null())
        .filter(privacy_requests::expires_at.le(now))
        .set(privacy_requests::file_ct.eq(None::<Vec<u8>>))
        .execute(conn)
        .await
}

/// Drops a person's exports: finished files are thrown away, and pending ones are not made any more.
pub(crate) async fn drop_exports(
    conn: &mut AsyncPgConnection,
    user: UserId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let exports = privacy_requests::table
        .filter(privacy_requests::user_id.eq(user.0))
        .filter(privacy_requests::kind.eq(EXPORT));
    diesel::update(exports.filter(privacy_requests::state.eq(PENDING)))
        .set((
            privacy_requests::state.eq(FAILED),
            privacy_requests::completed_at.eq(now),
        ))
        .execute(conn)
        .await?;
    diesel::update(exports)
        .set(privacy_requests::file_ct.eq(None::<Vec<u8>>))
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes an erasure that begins with this transaction, and that the other services have yet to confirm.
pub(crate) async fn request_erasure(
    conn: &mut AsyncPgConnection,
    id: PrivacyRequestId,
    user: UserId,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(privacy_requests::table)
        .values((
            privacy_requests::id.eq(id.0),
            privacy_requests::user_id.eq(user.0),
            privacy_requests::kind.eq(ERASE),
            privacy_requests::state.eq(PENDING),
            privacy_requests::reason.eq(reason),
            privacy_requests::requested_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Closes an erasure that every service has confirmed.
pub(crate) async fn finish_erasure(
    conn: &mut AsyncPgConnection,
    id: PrivacyRequestId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(privacy_requests::table.find(id.0))
        .filter(privacy_requests::state.eq(PENDING))
        .set((
            privacy_requests::state.eq(DONE),
            privacy_requests::completed_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Locks an erasure; `false` if there is none with this id.
pub(crate) async fn lock_erasure(
    conn: &mut AsyncPgConnection,
    id: PrivacyRequestId,
) -> QueryResult<bool> {
    let found: Option<Uuid> = privacy_requests::table
        .find(id.0)
        .filter(privacy_requests::kind.eq(ERASE))
        .select(privacy_requests::id)
        .for_update()
        .first(conn)
        .await
        .optional()?;
    Ok(found.is_some())
}

/// Notes that a service has erased its part; its first answer counts.
pub(crate) async fn note_answer(
    conn: &mut AsyncPgConnection,
    id: PrivacyRequestId,
    service: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(privacy_answers::table)
        .values((
            privacy_answers::request_id.eq(id.0),
            privacy_answers::service.eq(service),
            privacy_answers::answered_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(())
}

/// The services that have erased their part.
pub(crate) async fn answers(
    conn: &mut AsyncPgConnection,
    id: PrivacyRequestId,
) -> QueryResult<Vec<String>> {
    privacy_answers::table
        .filter(privacy_answers::request_id.eq(id.0))
        .select(privacy_answers::service)
        .load(conn)
        .await
}
