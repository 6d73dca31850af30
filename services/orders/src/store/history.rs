//! What became of orders.

use common::statement::Prepare as _;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

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
