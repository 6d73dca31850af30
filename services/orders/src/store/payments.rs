//! Payments and refunds as far as orders has heard of them.

use std::collections::HashMap;

use bigdecimal::BigDecimal;
use common::statement::{Prepare as _, Statement, is_among};
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Numeric, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use money::Money;
use uuid::Uuid;

use super::rows::{OrderRow, unreadable, unwritable};
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

type AttemptColumns = (Uuid, Uuid, String, BigDecimal, BigDecimal);

/// What is known of each order's payments.
pub(crate) type Attempts = HashMap<Uuid, Vec<Attempt>>;

/// What is known of an order's payments, oldest first: their ids grow with time.
pub(crate) async fn attempts_of(
    conn: &mut AsyncPgConnection,
    order: &OrderRow,
) -> QueryResult<Vec<Attempt>> {
    let mut attempts = attempts_of_all(conn, [order]).await?;
    Ok(attempts.remove(&order.id).unwrap_or_default())
}

/// The same of several orders; those of which no payment is known are left out.
pub(crate) async fn attempts_of_all(
    conn: &mut AsyncPgConnection,
    orders: impl IntoIterator<Item = &OrderRow>,
) -> QueryResult<Attempts> {
    let orders = orders.into_iter().map(|order| (order.id, order));
    let orders: HashMap<Uuid, &OrderRow> = orders.collect();
    let ids = orders.keys().copied();
    let rows: Vec<AttemptColumns> = order_payments::table
        .filter(is_among(order_payments::order_id, ids))
        .order(order_payments::payment_id)
        .select((
            order_payments::order_id,
            order_payments::payment_id,
            order_payments::status,
            order_payments::amount,
            order_payments::refunded,
        ))
        .load(conn)
        .await?;
    let mut attempts = Attempts::new();
    for (order, payment, status, amount, refunded) in rows {
        let Some(row) = orders.get(&order) else {
            continue;
        };
        attempts.entry(order).or_default().push(Attempt {
            payment: PaymentId(payment),
            status: status_of(&status)?,
            amount_minor: row.money(&amount)?.minor(),
            refunded_minor: row.money(&refunded)?.minor(),
        });
    }
    Ok(attempts)
}

fn status_of(name: &str) -> QueryResult<AttemptStatus> {
    AttemptStatus::ALL
        .into_iter()
        .find(|status| status.name() == name)
        .ok_or_else(|| unreadable(format!("unknown status {name}")))
}

/// Notes what was heard of payments whose orders are locked; `status` is what each is now.
pub(crate) async fn note(conn: &mut AsyncPgConnection, heard: &[Heard<'_>]) -> QueryResult<()> {
    const SQL: &str = "INSERT INTO order_payments AS known (payment_id, order_id, status, amount, channel, reference)
         SELECT * FROM unnest(?, ?, ?, ?, ?, ?)
         ON CONFLICT (payment_id) DO UPDATE SET status = EXCLUDED.status, amount = EXCLUDED.amount,
             channel = coalesce(EXCLUDED.channel, known.channel),
             reference = coalesce(EXCLUDED.reference, known.reference)";
    let each = || heard.iter();
    let amounts = each().map(|one| one.amount.to_decimal().map_err(unwritable));
    let channels = each().map(|one| one.channel.map(str::to_owned));
    let references = each().map(|one| one.reference.map(str::to_owned));
    Statement::new(SQL)
        .bind::<Array<SqlUuid>, _>(each().map(|one| one.payment.0).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(each().map(|one| one.order.0).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(each().map(|one| one.status.name()).collect::<Vec<_>>())
        .bind::<Array<Numeric>, _>(amounts.collect::<QueryResult<Vec<_>>>()?)
        .bind::<Array<Nullable<Text>>, _>(channels.collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(references.collect::<Vec<_>>())
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
        .filter(is_among(
            order_payments::payment_id,
            payments.iter().copied(),
        ))
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
