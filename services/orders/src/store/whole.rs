//! Orders with everything that belongs to them, in one statement however many: what hangs on an order comes with its row, as
//! arrays of records.

use common::statement::Prepare as _;
use diesel::deserialize::{self, FromSql};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Integer, Nullable, Numeric, Record, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::disputes::DisputeRow;
use super::rows::{HistoryRow, LineRow, OrderRow};
use super::schema::orders::orders;
use crate::domain::ids::OrderId;

type LineSql = (
    SqlUuid,
    SqlUuid,
    Integer,
    SqlUuid,
    SqlUuid,
    Text,
    Text,
    Integer,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
);
type Lines = Array<Record<LineSql>>;
const LINES: &str =
    "ARRAY(SELECT ROW(id, order_id, position, product_id, variant_id, sku, title, quantity,
         unit_price, line_total, discount, tax)
     FROM orders.order_lines WHERE order_id = orders.orders.id ORDER BY position)";

type HistorySql = (
    SqlUuid,
    BigInt,
    Nullable<Text>,
    Text,
    Text,
    Nullable<SqlUuid>,
    Nullable<Text>,
    Timestamptz,
);
type History = Array<Record<HistorySql>>;
const HISTORY: &str =
    "ARRAY(SELECT ROW(order_id, version, from_status, to_status, actor, actor_id, note, at)
     FROM orders.order_history WHERE order_id = orders.orders.id ORDER BY version)";

type DisputeSql = (
    SqlUuid,
    SqlUuid,
    SqlUuid,
    Numeric,
    Text,
    Numeric,
    Nullable<Timestamptz>,
    BigInt,
    Timestamptz,
);
type Disputes = Array<Record<DisputeSql>>;
const DISPUTES: &str = "ARRAY(SELECT ROW(dispute_id, order_id, payment_id, amount, status, taken, due_at, version, updated_at)
     FROM orders.order_disputes WHERE order_id = orders.orders.id ORDER BY dispute_id)";

/// An order with everything that belongs to it, as it is stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = orders, check_for_backend(Pg))]
pub(crate) struct WholeOrder {
    #[diesel(embed)]
    pub(crate) order: OrderRow,
    /// In their order.
    #[diesel(select_expression = sql::<Lines>(LINES), select_expression_type = SqlLiteral<Lines>)]
    pub(crate) lines: Vec<LineRow>,
    /// Oldest first.
    #[diesel(select_expression = sql::<History>(HISTORY), select_expression_type = SqlLiteral<History>)]
    pub(crate) history: Vec<HistoryRow>,
    /// Oldest first.
    #[diesel(select_expression = sql::<Disputes>(DISPUTES), select_expression_type = SqlLiteral<Disputes>)]
    pub(crate) disputes: Vec<DisputeRow>,
}

/// One order.
pub(crate) async fn find(
    conn: &mut AsyncPgConnection,
    order: OrderId,
) -> QueryResult<Option<WholeOrder>> {
    orders::table
        .find(order.0)
        .select(WholeOrder::as_select())
        .prepared()
        .get_result(conn)
        .await
        .optional()
}

impl FromSql<Record<LineSql>, Pg> for LineRow {
    fn from_sql(record: PgValue<'_>) -> deserialize::Result<Self> {
        let columns = FromSql::<Record<LineSql>, Pg>::from_sql(record)?;
        Queryable::<LineSql, Pg>::build(columns)
    }
}

impl FromSql<Record<HistorySql>, Pg> for HistoryRow {
    fn from_sql(record: PgValue<'_>) -> deserialize::Result<Self> {
        let columns = FromSql::<Record<HistorySql>, Pg>::from_sql(record)?;
        Queryable::<HistorySql, Pg>::build(columns)
    }
}

impl FromSql<Record<DisputeSql>, Pg> for DisputeRow {
    fn from_sql(record: PgValue<'_>) -> deserialize::Result<Self> {
        let columns = FromSql::<Record<DisputeSql>, Pg>::from_sql(record)?;
        Queryable::<DisputeSql, Pg>::build(columns)
    }
}
