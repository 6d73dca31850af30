//! How disputes came to be what they are: added to and read, never changed.

use chrono::{DateTime, Utc};
use common::statement::Prepare as _;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::payments::dispute_history;
use crate::domain::ids::DisputeId;

/// Something that became of a dispute.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = dispute_history)]
pub(crate) struct HistoryRow {
    pub(crate) dispute_id: Uuid,
    /// The dispute's version that it began with.
    pub(crate) version: i64,
    pub(crate) event: String,
    pub(crate) status: String,
    pub(crate) outcome: Option<String>,
    /// `provider`, `system`, or the role of a member of staff.
    pub(crate) actor: String,
    pub(crate) at: DateTime<Utc>,
}

/// Adds something that became of a dispute.
pub(crate) async fn append(conn: &mut AsyncPgConnection, row: &HistoryRow) -> QueryResult<()> {
    diesel::insert_into(dispute_history::table)
        .values(row)
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// What became of a dispute, oldest first.
pub(crate) async fn of(
    conn: &mut AsyncPgConnection,
    dispute: DisputeId,
) -> QueryResult<Vec<HistoryRow>> {
    dispute_history::table
        .filter(dispute_history::dispute_id.eq(dispute.0))
        .order(dispute_history::version)
        .select(HistoryRow::as_select())
        .load(conn)
        .await
}
