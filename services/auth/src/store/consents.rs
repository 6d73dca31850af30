//! What people allowed, and when: a history, of which the newest row of each type holds.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::auth::consents;
use crate::domain::ids::UserId;

/// One decision of a person.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = consents)]
pub(crate) struct ConsentRow {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) consent_type: String,
    pub(crate) is_granted: bool,
    pub(crate) recorded_at: DateTime<Utc>,
}

/// Adds a decision to the history.
pub(crate) async fn insert(conn: &mut AsyncPgConnection, row: &ConsentRow) -> QueryResult<()> {
    diesel::insert_into(consents::table)
        .values(row)
        .execute(conn)
        .await?;
    Ok(())
}

/// Every decision, newest first.
pub(crate) async fn history(
    conn: &mut AsyncPgConnection,
    user: UserId,
) -> QueryResult<Vec<ConsentRow>> {
    consents::table
        .filter(consents::user_id.eq(user.0))
        .order((consents::recorded_at.desc(), consents::id.desc()))
        .select(ConsentRow::as_select())
        .load(conn)
        .await
}
