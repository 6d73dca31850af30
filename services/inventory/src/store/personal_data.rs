//! Everything the service holds about one person: to be handed out, or to be erased.

use chrono::{DateTime, Utc};
use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::domain::ids::UserId;

/// One line of what was held for a person.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct HeldLine {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) order_id: Uuid,
    #[diesel(sql_type = Text)]
    pub(crate) state: String,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(crate) closed_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = SqlUuid)]
    pub(crate) variant_id: Uuid,
    #[diesel(sql_type = BigInt)]
    pub(crate) quantity: i64,
}

/// What was ever held for a person, newest order first.
pub(crate) async fn held_by(
    conn: &mut AsyncPgConnection,
    user: UserId,
) -> QueryResult<Vec<HeldLine>> {
    const SQL: &str =
        "SELECT r.order_id, r.state, r.created_at, r.closed_at, l.variant_id, l.quantity
         FROM reservations r JOIN reservation_lines l USING (order_id)
         WHERE r.user_id = ? ORDER BY r.order_id DESC, l.variant_id";
    Statement::new(SQL)
        .bind::<SqlUuid, _>(user.0)
        .load(conn)
        .await
}

/// Forgets who reserved; what is held stays held until its time is over. In the order in which everybody locks reservations.
pub(crate) async fn erase(conn: &mut AsyncPgConnection, user: UserId) -> QueryResult<()> {
    const SQL: &str = "WITH theirs AS (
             SELECT order_id FROM reservations WHERE user_id = ? ORDER BY order_id FOR NO KEY UPDATE
         )
         UPDATE reservations r SET user_id = NULL, address_hash = NULL
         FROM theirs WHERE r.order_id = theirs.order_id";
    Statement::new(SQL)
        .bind::<SqlUuid, _>(user.0)
        .execute(conn)
        .await?;
    Ok(())
}
