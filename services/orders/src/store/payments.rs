//! Payments and refunds as far as orders has heard of them.

use bigdecimal::BigDecimal;
use common::statement::{Prepare as _, Statement};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Numeric, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use money::{Currency, Money};
use uuid::Uuid;

use super::rows::{money, unreadable, unwritable};
use super::schema::orders::{order_payments, order_refunds};
use crate::domain::ids::{OrderId, PaymentId, RefundId};
use crate::domain::payment_status::{Attempt, AttemptStatus};

/// A payment that was heard of.
#[derive(Debug)]
pub(crate) struct Heard<'a> {
    pub(crate) payment: PaymentId,
    pub(crate) order: OrderId,
    pub(crate) status: AttemptStatus,
    pub(crate) amount: Money,
    pub(crate) channel: Option<&'a str>,
    pub(crate) reference: Option<&'a str>,
}

type AttemptColumns = (Uuid, String, BigDecimal, BigDecimal);

/// What is known of an order's payments, oldest first: their ids grow with time.
pub(crate) async fn attempts_of(
    conn: &mut AsyncPgConnection,
    order: OrderId,
    currency: Currency,
) -> QueryResult<Vec<Attempt>> {
    let rows: Vec<AttemptColumns> = order_payments::table
        .filter(order_payments::order_id.eq(order.0))
        .order(order_payments::payment_id)
        .select((
            order_payments::payment_id,
            order_payments::status,
            order_payments::amount,
            order_payments::refunded,
        ))
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|(payment, status, amount, refunded)| {
            Ok(Attempt {
                payment: PaymentId(payment),
                status: status_of(&status)?,
                amount_minor: money(&amount, currency)?.minor(),
                refunded_minor: money(&refunded, currency)?.minor(),
            })
        })
        .collect()
}

fn status_of(name: &str) -> QueryResult<AttemptStatus> {
    AttemptStatus::ALL
        .into_iter()
        .find(|status| status.name() == name)
        .ok_or_else(|| unreadable(format!("unknown status {name}")))
}

/// Notes what was heard of a payment whose order is locked; `status` is what it is now.
pub(crate) async fn note(conn: &mut AsyncPgConnection, heard: &Heard<'_>) -> QueryResult<()> {
    const SQL: &str = "INSERT INTO order_payments AS known (payment_id, order_id, status, amount, channel, reference)
         VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (payment_id) DO UPDATE SET status = EXCLUDED.status, amount = EXCLUDED.amount,
             channel = coalesce(EXCLUDED.channel, known.channel),
             reference = coalesce(EXCLUDED.reference, known.reference)";
    Statement::new(SQL)
        .bind::<SqlUuid, _>(heard.payment.0)
        .bind::<SqlUuid, _>(heard.order.0)
        .bind::<Text, _>(heard.status.name())
        .bind::<Numeric, _>(heard.amount.to_decimal().map_err(unwritable)?)
        .bind::<Nullable<Text>, _>(heard.channel.map(str::to_owned))
        .bind::<Nullable<Text>, _>(heard.reference.map(str::to_owned))
        .execute(conn)
        .await?;
    Ok(())
}

/// How a payment was made.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = order_payments, check_for_backend(diesel::pg::Pg))]
pub(crate) struct How {
    pub(crate) payment_id: Uuid,
    pub(crate) channel: Option<String>,
    pub(crate) reference: Option<String>,
}

/// How these payments were made.
pub(crate) async fn how(conn: &mut AsyncPgConnection, payments: &[Uuid]) -> QueryResult<Vec<How>> {
    order_payments::table
        .filter(order_payments::payment_id.eq_any(payments))
        .select(How::as_select())
        .load(conn)
        .await
}

/// A refund that was heard of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeardRefund {
    pub(crate) refund: RefundId,
    pub(crate) order: OrderId,
    pub(crate) payment: PaymentId,
    pub(crate) amount: Money,
    pub(crate) status: RefundStatus,
}

/// How far a refund has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RefundStatus {
    /// Decided.
    Requested,
    /// Waits for the buyer's account.
    NeedsAttention,
    /// It came to nothing.
    Failed,
    /// The buyer has it.
    Processed,
}

impl RefundStatus {
    const ALL: [Self; 4] = [
        Self::Requested,
        Self::NeedsAttention,
        Self::Failed,
        Self::Processed,
    ];

    /// The name in SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::NeedsAttention => "needs_attention",
            Self::Failed => "failed",
            Self::Processed => "processed",
        }
    }
}

/// What a refund was known as, if it was.
pub(crate) async fn refund_status(
    conn: &mut AsyncPgConnection,
    refund: RefundId,
) -> QueryResult<Option<RefundStatus>> {
    let name: Option<String> = order_refunds::table
        .find(refund.0)
        .select(order_refunds::status)
        .first(conn)
        .await
        .optional()?;
    name.map(|name| {
        RefundStatus::ALL
            .into_iter()
            .find(|status| status.name() == name)
            .ok_or_else(|| unreadable(format!("unknown status {name}")))
    })
    .transpose()
}

/// Notes a refund of a locked order.
pub(crate) async fn note_refund(
    conn: &mut AsyncPgConnection,
    heard: &HeardRefund,
) -> QueryResult<()> {
    let status = order_refunds::status.eq(heard.status.name());
    diesel::insert_into(order_refunds::table)
        .values((
            order_refunds::refund_id.eq(heard.refund.0),
            order_refunds::order_id.eq(heard.order.0),
            order_refunds::payment_id.eq(heard.payment.0),
            order_refunds::amount.eq(heard.amount.to_decimal().map_err(unwritable)?),
            status,
        ))
        .on_conflict(order_refunds::refund_id)
        .do_update()
        .set(status)
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// So much more of a payment went back. The payment's own events may come later, or never: one that pays for nothing is only
/// paid back.
pub(crate) async fn add_refunded(
    conn: &mut AsyncPgConnection,
    heard: &HeardRefund,
) -> QueryResult<()> {
    const SQL: &str =
        "INSERT INTO order_payments AS known (payment_id, order_id, status, amount, refunded)
         VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (payment_id) DO UPDATE SET refunded = known.refunded + EXCLUDED.refunded";
    let amount = heard.amount.to_decimal().map_err(unwritable)?;
    Statement::new(SQL)
        .bind::<SqlUuid, _>(heard.payment.0)
        .bind::<SqlUuid, _>(heard.order.0)
        .bind::<Text, _>(AttemptStatus::Initialized.name())
        .bind::<Numeric, _>(amount.clone())
        .bind::<Numeric, _>(amount)
        .execute(conn)
        .await?;
    Ok(())
}

/// Of which payment a refund is, and what it came to.
pub(crate) async fn refund(
    conn: &mut AsyncPgConnection,
    refund: RefundId,
) -> QueryResult<Option<(Uuid, BigDecimal)>> {
    order_refunds::table
        .find(refund.0)
        .select((order_refunds::payment_id, order_refunds::amount))
        .first(conn)
        .await
        .optional()
}
