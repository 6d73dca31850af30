//! Reservations: what is held for which order.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::domain::ids::{OrderId, UserId, VariantId};
use crate::domain::lines::Lines;

/// A reservation's row.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct ReservationRow {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) order_id: Uuid,
    #[diesel(sql_type = Text)]
    pub(crate) state: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(crate) expires_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Bool)]
    pub(crate) is_extended: bool,
    #[diesel(sql_type = Bool)]
    pub(crate) is_reallocated: bool,
}

#[derive(Debug, Clone, QueryableByName)]
struct LineRow {
    #[diesel(sql_type = SqlUuid)]
    order_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    variant_id: Uuid,
    #[diesel(sql_type = BigInt)]
    quantity: i64,
}

/// The reservations of these orders, as far as there are any.
pub(crate) async fn find_all(
    conn: &mut AsyncPgConnection,
    orders: &[OrderId],
) -> QueryResult<Vec<ReservationRow>> {
    const SQL: &str = "SELECT order_id, state, expires_at, is_extended, is_reallocated
         FROM reservations WHERE order_id = ANY(?)";
    Statement::new(SQL).bind_ids(ids(orders)).load(conn).await
}

/// The same, locked in their order until the transaction ends.
pub(crate) async fn lock_all(
    conn: &mut AsyncPgConnection,
    orders: &[OrderId],
) -> QueryResult<Vec<ReservationRow>> {
    const SQL: &str = "SELECT order_id, state, expires_at, is_extended, is_reallocated
         FROM reservations WHERE order_id = ANY(?) ORDER BY order_id FOR NO KEY UPDATE";
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    Statement::new(SQL).bind_ids(ids(orders)).load(conn).await
}

/// The lines of these orders.
pub(crate) async fn lines_of(
    conn: &mut AsyncPgConnection,
    orders: &[OrderId],
) -> QueryResult<HashMap<OrderId, Lines>> {
    const SQL: &str =
        "SELECT order_id, variant_id, quantity FROM reservation_lines WHERE order_id = ANY(?)";
    if orders.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<LineRow> = Statement::new(SQL).bind_ids(ids(orders)).load(conn).await?;
    let mut grouped: HashMap<OrderId, Vec<(VariantId, i64)>> = HashMap::new();
    for row in rows {
        let lines = grouped.entry(OrderId(row.order_id)).or_default();
        lines.push((VariantId(row.variant_id), row.quantity));
    }
    let lines = grouped
        .into_iter()
        .map(|(order, rows)| (order, Lines::stored(rows)));
    Ok(lines.collect())
}

#[derive(QueryableByName)]
struct Clock {
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
}

/// The only clock that holds go by.
pub(crate) async fn clock(conn: &mut AsyncPgConnection) -> QueryResult<DateTime<Utc>> {
    let clock: Clock = Statement::new("SELECT clock_timestamp() AS now")
        .get_result(conn)
        .await?;
    Ok(clock.now)
}

/// A hold that begins.
#[derive(Debug, Clone)]
pub(crate) struct NewHold {
    pub(crate) order: OrderId,
    pub(crate) user: UserId,
    pub(crate) address: Option<String>,
    pub(crate) held_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Begins holds: new reservations, and those of orders whose hold had expired.
pub(crate) async fn hold(conn: &mut AsyncPgConnection, holds: &[NewHold]) -> QueryResult<()> {
    const SQL: &str = "INSERT INTO reservations (order_id, user_id, address_hash, state, held_at, expires_at)
         SELECT order_id, user_id, address_hash, 'active', held_at, expires_at
         FROM unnest(?, ?, ?, ?, ?) AS h (order_id, user_id, address_hash, held_at, expires_at)
         ON CONFLICT (order_id) DO UPDATE SET user_id = EXCLUDED.user_id, address_hash = EXCLUDED.address_hash,
             state = 'active', held_at = EXCLUDED.held_at, expires_at = EXCLUDED.expires_at,
             is_extended = false, closed_at = NULL";
    if holds.is_empty() {
        return Ok(());
    }
    Statement::new(SQL)
        .bind::<Array<SqlUuid>, Vec<_>>(holds.iter().map(|hold| hold.order.0).collect())
        .bind::<Array<SqlUuid>, Vec<_>>(holds.iter().map(|hold| hold.user.0).collect())
        .bind::<Array<Nullable<Text>>, Vec<_>>(
            holds.iter().map(|hold| hold.address.clone()).collect(),
        )
        .bind::<Array<Timestamptz>, Vec<_>>(holds.iter().map(|hold| hold.held_at).collect())
        .bind::<Array<Timestamptz>, Vec<_>>(holds.iter().map(|hold| hold.expires_at).collect())
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes what new reservations hold.
pub(crate) async fn insert_lines(
    conn: &mut AsyncPgConnection,
    lines: &[(OrderId, VariantId, i64)],
) -> QueryResult<()> {
    const SQL: &str = "INSERT INTO reservation_lines (order_id, variant_id, quantity)
         SELECT * FROM unnest(?, ?, ?)";
    if lines.is_empty() {
        return Ok(());
    }
    Statement::new(SQL)
        .bind::<Array<SqlUuid>, Vec<_>>(lines.iter().map(|(order, _, _)| order.0).collect())
        .bind::<Array<SqlUuid>, Vec<_>>(lines.iter().map(|(_, variant, _)| variant.0).collect())
        .bind::<Array<BigInt>, Vec<_>>(lines.iter().map(|(_, _, quantity)| *quantity).collect())
        .execute(conn)
        .await?;
    Ok(())
}

/// A sale of what an order holds, or held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewSale {
    pub(crate) order: OrderId,
    pub(crate) is_reallocated: bool,
}

/// Notes which orders' units are sold.
pub(crate) async fn sell(conn: &mut AsyncPgConnection, sales: &[NewSale]) -> QueryResult<()> {
    const SQL: &str =
        "UPDATE reservations SET state = 'committed', is_reallocated = order_id = ANY(?),
             closed_at = clock_timestamp() WHERE order_id = ANY(?)";
    if sales.is_empty() {
        return Ok(());
    }
    let reallocated = sales.iter().filter(|sale| sale.is_reallocated);
    Statement::new(SQL)
        .bind_ids(reallocated.map(|sale| sale.order.0).collect())
        .bind_ids(sales.iter().map(|sale| sale.order.0).collect())
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes which orders hold nothing from now on, whether or not they were heard of before.
pub(crate) async fn give_up(conn: &mut AsyncPgConnection, orders: &[OrderId]) -> QueryResult<()> {
    const SQL: &str = "INSERT INTO reservations (order_id, state, closed_at)
         SELECT order_id, 'released', clock_timestamp() FROM unnest(?) AS order_id
         ON CONFLICT (order_id) DO UPDATE SET state = 'released', closed_at = EXCLUDED.closed_at";
    if orders.is_empty() {
        return Ok(());
    }
    Statement::new(SQL)
        .bind_ids(ids(orders))
        .execute(conn)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Until {
    #[diesel(sql_type = Timestamptz)]
    expires_at: DateTime<Utc>,
}

/// Makes a hold last so long from its beginning, if that is later than its end; none if that would be over already.
pub(crate) async fn extend(
    conn: &mut AsyncPgConnection,
    order: OrderId,
    lasting: TimeDelta,
) -> QueryResult<Option<DateTime<Utc>>> {
    const SQL: &str = "UPDATE reservations SET is_extended = true,
             expires_at = greatest(expires_at, held_at + ? * interval '1 second')
         WHERE order_id = ? AND greatest(expires_at, held_at + ? * interval '1 second') > clock_timestamp()
         RETURNING expires_at";
    let seconds = lasting.num_seconds();
    let extended: Option<Until> = Statement::new(SQL)
        .bind::<BigInt, _>(seconds)
        .bind::<SqlUuid, _>(order.0)
        .bind::<BigInt, _>(seconds)
        .get_result(conn)
        .await
        .optional()?;
    Ok(extended.map(|row| row.expires_at))
}

/// A variant's part of a reservation.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct VariantHold {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) order_id: Uuid,
    #[diesel(sql_type = Text)]
    pub(crate) state: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) returned: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(crate) expires_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) created_at: DateTime<Utc>,
}

/// The newest reservations of a variant.
pub(crate) async fn newest_of(
    conn: &mut AsyncPgConnection,
    variant: VariantId,
    limit: i64,
) -> QueryResult<Vec<VariantHold>> {
    const SQL: &str =
        "SELECT l.order_id, r.state, l.quantity, l.returned, r.expires_at, r.created_at
         FROM reservation_lines l JOIN reservations r USING (order_id)
         WHERE l.variant_id = ? ORDER BY l.order_id DESC LIMIT ?";
    Statement::new(SQL)
        .bind::<SqlUuid, _>(variant.0)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await
}

fn ids(orders: &[OrderId]) -> Vec<Uuid> {
    orders.iter().map(|order| order.0).collect()
}
