//! Orders and their lines.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use common::statement::{Prepare as _, Statement, is_among};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
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
        .filter(is_among(orders::id, ids.iter().copied()))
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

/// Some orders, locked until the transaction ends, in the order of their ids.
pub(crate) async fn lock_all(
    conn: &mut AsyncPgConnection,
    ids: &[Uuid],
) -> QueryResult<Vec<OrderRow>> {
    orders::table
        .filter(is_among(orders::id, ids.iter().copied()))
        .order(orders::id)
        .select(OrderRow::as_select())
        .for_no_key_update()
        .load(conn)
        .await
}

/// The lines of these orders, in their order.
pub(crate) async fn lines_of(
    conn: &mut AsyncPgConnection,
    orders: &[Uuid],
) -> QueryResult<Vec<LineRow>> {
    order_lines::table
        .filter(is_among(order_lines::order_id, orders.iter().copied()))
        .order((order_lines::order_id, order_lines::position))
        .select(LineRow::as_select())
        .load(conn)
        .await
}

/// What becomes of a locked order.
#[derive(Debug)]
pub(crate) struct Changed<'a> {
    pub(crate) order: &'a OrderRow,
    pub(crate) stage: Stage,
    pub(crate) payment_status: &'static str,
}

/// Writes what became of locked orders, each of which has its next version then.
pub(crate) async fn save(
    conn: &mut AsyncPgConnection,
    changed: &[Changed<'_>],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    const SQL: &str = "UPDATE orders o SET status = n.status, payment_status = n.payment_status,
             settling_payment_id = n.settling, settling_since = n.since, settled_payment_id = n.settled,
             paid_at = n.paid_at, version = o.version + 1, updated_at = ?
         FROM unnest(?, ?, ?, ?::uuid[], ?::timestamptz[], ?::uuid[], ?::timestamptz[])
             AS n (id, status, payment_status, settling, since, settled, paid_at)
         WHERE o.id = n.id";
    let each = || changed.iter();
    let ids: Vec<Uuid> = each().map(|one| one.order.id).collect();
    let names: Vec<&str> = each().map(|one| one.stage.status.name()).collect();
    let payment_names: Vec<&str> = each().map(|one| one.payment_status).collect();
    let settling = |one: &Changed<'_>| one.stage.settling.map(|payment| payment.0);
    let since = |one: &Changed<'_>| settling(one).map(|_| one.order.settling_since.unwrap_or(now));
    let settled = |one: &Changed<'_>| one.stage.settled_by.map(|payment| payment.0);
    let paid_at = |one: &Changed<'_>| settled(one).map(|_| one.order.paid_at.unwrap_or(now));
    Statement::new(SQL)
        .bind::<Timestamptz, _>(now)
        .bind_ids(ids)
        .bind::<Array<Text>, _>(names)
        .bind::<Array<Text>, _>(payment_names)
        .bind::<Array<Nullable<SqlUuid>>, _>(each().map(settling).collect::<Vec<_>>())
        .bind::<Array<Nullable<Timestamptz>>, _>(each().map(since).collect::<Vec<_>>())
        .bind::<Array<Nullable<SqlUuid>>, _>(each().map(settled).collect::<Vec<_>>())
        .bind::<Array<Nullable<Timestamptz>>, _>(each().map(paid_at).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
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
