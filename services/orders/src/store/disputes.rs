//! Disputes of orders' payments as far as orders has heard of them. Whoever writes one has its order locked.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use common::statement::{Prepare as _, Statement};
use diesel::prelude::*;
use diesel::sql_types::{Numeric, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use money::Money;
use uuid::Uuid;

use super::rows::{unreadable, unwritable};
use super::schema::orders::order_disputes;
use crate::domain::dispute::DisputeStatus;
use crate::domain::ids::{DisputeId, OrderId, PaymentId};
use crate::domain::payment_status::AttemptStatus;

/// A dispute as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = order_disputes, check_for_backend(diesel::pg::Pg))]
pub(crate) struct DisputeRow {
    pub(crate) dispute_id: Uuid,
    pub(crate) order_id: Uuid,
    pub(crate) payment_id: Uuid,
    pub(crate) amount: BigDecimal,
    pub(crate) status: String,
    pub(crate) taken: BigDecimal,
    pub(crate) due_at: Option<DateTime<Utc>>,
    pub(crate) version: i64,
    pub(crate) updated_at: DateTime<Utc>,
}

impl DisputeRow {
    /// How it stands.
    pub(crate) fn status(&self) -> QueryResult<DisputeStatus> {
        self.status.parse().map_err(unreadable)
    }
}

/// A dispute.
pub(crate) async fn find(
    conn: &mut AsyncPgConnection,
    dispute: DisputeId,
) -> QueryResult<Option<DisputeRow>> {
    order_disputes::table
        .find(dispute.0)
        .select(DisputeRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// The disputes of these orders, oldest first.
pub(crate) async fn of(
    conn: &mut AsyncPgConnection,
    orders: &[Uuid],
) -> QueryResult<Vec<DisputeRow>> {
    order_disputes::table
        .filter(order_disputes::order_id.eq_any(orders))
        .order((order_disputes::order_id, order_disputes::dispute_id))
        .select(DisputeRow::as_select())
        .load(conn)
        .await
}

/// Notes how a dispute stands now.
pub(crate) async fn note(conn: &mut AsyncPgConnection, row: &DisputeRow) -> QueryResult<()> {
    diesel::insert_into(order_disputes::table)
        .values(row)
        .on_conflict(order_disputes::dispute_id)
        .do_update()
        .set(row)
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// So much more of a payment is with the buyer, or less of it if that is negative. The payment's own events may come later.
pub(crate) async fn move_back(
    conn: &mut AsyncPgConnection,
    (order, payment): (OrderId, PaymentId),
    by: Money,
) -> QueryResult<()> {
    const SQL: &str =
        "INSERT INTO order_payments AS known (payment_id, order_id, status, amount, refunded)
         VALUES (?, ?, ?, greatest(?, 0), greatest(?, 0))
         ON CONFLICT (payment_id) DO UPDATE SET refunded = known.refunded + ?";
    let amount = by.to_decimal().map_err(unwritable)?;
    Statement::new(SQL)
        .bind::<SqlUuid, _>(payment.0)
        .bind::<SqlUuid, _>(order.0)
        .bind::<Text, _>(AttemptStatus::Initialized.name())
        .bind::<Numeric, _>(amount.clone())
        .bind::<Numeric, _>(amount.clone())
        .bind::<Numeric, _>(amount)
        .execute(conn)
        .await?;
    Ok(())
}
