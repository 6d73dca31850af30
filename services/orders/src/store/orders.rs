//! Orders and their lines.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use common::statement::{Prepare as _, Statement};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Numeric, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::rows::{LineRow, OrderRow};
use super::schema::orders::{order_lines, orders};
use crate::domain::ids::OrderId;
use crate::domain::status::Stage;

/// Stores a new order.
pub(crate) async fn insert(
    conn: &mut AsyncPgConnection,
    order: &OrderRow,
    lines: &[LineRow],
) -> QueryResult<()> {
    diesel::insert_into(orders::table)
        .values(order)
        .prepared()
        .execute(conn)
        .await?;
    insert_lines(conn, lines).await
}

async fn insert_lines(conn: &mut AsyncPgConnection, lines: &[LineRow]) -> QueryResult<()> {
    const SQL: &str = "INSERT INTO order_lines (id, order_id, position, product_id, variant_id, sku, title, quantity,
             unit_price, line_total, discount, tax)
         SELECT * FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let ids = |of: fn(&LineRow) -> Uuid| lines.iter().map(of).collect::<Vec<Uuid>>();
    let numbers = |of: fn(&LineRow) -> i32| lines.iter().map(of).collect::<Vec<i32>>();
    let texts =
        |of: fn(&LineRow) -> &String| lines.iter().map(of).cloned().collect::<Vec<String>>();
    let amounts = |of: fn(&LineRow) -> &BigDecimal| {
        lines.iter().map(of).cloned().collect::<Vec<BigDecimal>>()
    };
    Statement::new(SQL)
        .bind::<Array<SqlUuid>, _>(ids(|line| line.id))
        .bind::<Array<SqlUuid>, _>(ids(|line| line.order_id))
        .bind::<Array<Integer>, _>(numbers(|line| line.position))
        .bind::<Array<SqlUuid>, _>(ids(|line| line.product_id))
        .bind::<Array<SqlUuid>, _>(ids(|line| line.variant_id))
        .bind::<Array<Text>, _>(texts(|line| &line.sku))
        .bind::<Array<Text>, _>(texts(|line| &line.title))
        .bind::<Array<Integer>, _>(numbers(|line| line.quantity))
        .bind::<Array<Numeric>, _>(amounts(|line| &line.unit_price))
        .bind::<Array<Numeric>, _>(amounts(|line| &line.line_total))
        .bind::<Array<Numeric>, _>(amounts(|line| &line.discount))
        .bind::<Array<Numeric>, _>(amounts(|line| &line.tax))
        .execute(conn)
        .await?;
    Ok(())
}

/// One order.
pub(crate) async fn find(
    conn: &mut AsyncPgConnection,
    order: OrderId,
) -> QueryResult<Option<OrderRow>> {
    orders::table
        .find(order.0)
        .select(OrderRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// These orders, as far as there are any.
pub(crate) async fn find_all(
    conn: &mut AsyncPgConnection,
    ids: &[Uuid],
) -> QueryResult<Vec<OrderRow>> {
    orders::table
        .filter(orders::id.eq_any(ids))
        .select(OrderRow::as_select())
        .load(conn)
        .await
}

/// One order, locked until the transaction ends.
pub(crate) async fn lock(
    conn: &mut AsyncPgConnection,
    order: OrderId,
) -> QueryResult<Option<OrderRow>> {
    orders::table
        .find(order.0)
        .select(OrderRow::as_select())
        .for_no_key_update()
        .first(conn)
        .await
        .optional()
}

/// The lines of these orders, in their order.
pub(crate) async fn lines_of(
    conn: &mut AsyncPgConnection,
    orders: &[Uuid],
) -> QueryResult<Vec<LineRow>> {
    order_lines::table
        .filter(order_lines::order_id.eq_any(orders))
        .order((order_lines::order_id, order_lines::position))
        .select(LineRow::as_select())
        .load(conn)
        .await
}

/// What changes of an order.
#[derive(Debug, Clone)]
pub(crate) struct Changed {
    pub(crate) stage: Stage,
    pub(crate) payment_status: &'static str,
    pub(crate) now: DateTime<Utc>,
}

/// Writes what became of a locked order, which has the next version then; answers that version.
pub(crate) async fn save(
    conn: &mut AsyncPgConnection,
    order: &OrderRow,
    changed: &Changed,
) -> QueryResult<i64> {
    let stage = changed.stage;
    let settling = stage.settling.map(|payment| payment.0);
    let since = settling.map(|_| order.settling_since.unwrap_or(changed.now));
    let settled = stage.settled_by.map(|payment| payment.0);
    let paid_at = settled.map(|_| order.paid_at.unwrap_or(changed.now));
    diesel::update(orders::table.find(order.id))
        .set((
            orders::status.eq(stage.status.name()),
            orders::payment_status.eq(changed.payment_status),
            orders::settling_payment_id.eq(settling),
            orders::settling_since.eq(since),
            orders::settled_payment_id.eq(settled),
            orders::paid_at.eq(paid_at),
            orders::version.eq(order.version + 1),
            orders::updated_at.eq(changed.now),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(order.version + 1)
}

/// When a locked order's hold ends now.
pub(crate) async fn set_expiry(
    conn: &mut AsyncPgConnection,
    order: &OrderRow,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(orders::table.find(order.id))
        .set((
            orders::expires_at.eq(expires_at),
            orders::version.eq(order.version + 1),
            orders::updated_at.eq(now),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// How a locked order travels, and what was noted about it.
pub(crate) async fn set_delivery(
    conn: &mut AsyncPgConnection,
    order: &OrderRow,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(orders::table.find(order.id))
        .set((
            orders::carrier.eq(&order.carrier),
            orders::tracking_number.eq(&order.tracking_number),
            orders::contact.eq(&order.contact),
            orders::version.eq(order.version + 1),
            orders::updated_at.eq(now),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Orders whose payment has been settling since before.
pub(crate) async fn settling_before(
    conn: &mut AsyncPgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<(Uuid, Uuid)>> {
    let rows: Vec<(Uuid, Option<Uuid>)> = orders::table
        .filter(orders::settling_payment_id.is_not_null())
        .filter(orders::settling_since.lt(before))
        .order(orders::settling_since)
        .select((orders::id, orders::settling_payment_id))
        .limit(limit)
        .load(conn)
        .await?;
    let settling = rows
        .into_iter()
        .filter_map(|(order, payment)| Some((order, payment?)));
    Ok(settling.collect())
}

/// Unpaid orders whose hold should be over since before.
pub(crate) async fn overdue(
    conn: &mut AsyncPgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<Uuid>> {
    orders::table
        .filter(orders::status.eq("pending"))
        .filter(orders::expires_at.lt(before))
        .filter(orders::settling_payment_id.is_null())
        .order(orders::expires_at)
        .select(orders::id)
        .limit(limit)
        .load(conn)
        .await
}
