//! Reservations whose time is over, and those that ended long ago.

use chrono::{DateTime, Utc};
use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::domain::ids::OrderId;

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = SqlUuid)]
    order_id: Uuid,
}

/// Orders whose hold is over, longest first.
pub(crate) async fn due(conn: &mut AsyncPgConnection, limit: i64) -> QueryResult<Vec<OrderId>> {
    const SQL: &str = "SELECT order_id FROM reservations
         WHERE state = 'active' AND expires_at <= clock_timestamp() ORDER BY expires_at LIMIT ?";
    let rows: Vec<Due> = Statement::new(SQL)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| OrderId(row.order_id)).collect())
}

/// An order whose hold has just ended.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct Expired {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) order_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) expires_at: DateTime<Utc>,
}

/// Ends those holds whose time is over, in the order in which everybody locks reservations.
pub(crate) async fn expire(
    conn: &mut AsyncPgConnection,
    orders: &[OrderId],
) -> QueryResult<Vec<Expired>> {
    const SQL: &str = "WITH due AS (
             SELECT order_id FROM reservations
             WHERE order_id = ANY(?) AND state = 'active' AND expires_at <= clock_timestamp()
             ORDER BY order_id FOR NO KEY UPDATE
         )
         UPDATE reservations r SET state = 'expired', closed_at = clock_timestamp()
         FROM due WHERE r.order_id = due.order_id RETURNING r.order_id, r.expires_at";
    let ids = orders.iter().map(|order| order.0);
    Statement::new(SQL)
        .bind::<Array<SqlUuid>, Vec<_>>(ids.collect())
        .load(conn)
        .await
}

/// Removes reservations that ended without a sale before a time; answers how many.
pub(crate) async fn sweep(
    conn: &mut AsyncPgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> QueryResult<usize> {
    const SQL: &str = "DELETE FROM reservations WHERE order_id = ANY (ARRAY (
             SELECT order_id FROM reservations WHERE state IN ('released', 'expired') AND closed_at < ?
             ORDER BY closed_at LIMIT ? FOR UPDATE SKIP LOCKED))";
    Statement::new(SQL)
        .bind::<Timestamptz, _>(before)
        .bind::<BigInt, _>(limit)
        .execute(conn)
        .await
}
