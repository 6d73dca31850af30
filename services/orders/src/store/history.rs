//! What became of orders.

use common::statement::Prepare as _;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::rows::HistoryRow;
use super::schema::orders::order_history;

/// Adds to an order's history.
pub(crate) async fn append(conn: &mut AsyncPgConnection, row: &HistoryRow) -> QueryResult<()> {
    diesel::insert_into(order_history::table)
        .values(row)
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// The history of these orders, oldest first.
pub(crate) async fn of(
    conn: &mut AsyncPgConnection,
    orders: &[Uuid],
) -> QueryResult<Vec<HistoryRow>> {
    order_history::table
        .filter(order_history::order_id.eq_any(orders))
        .order((order_history::order_id, order_history::version))
        .select(HistoryRow::as_select())
        .load(conn)
        .await
}
