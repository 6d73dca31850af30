//! Payments.

use chrono::{DateTime, Utc};
use common::paging::{self, Page};
use common::statement::{Prepare as _, Statement};
use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use money::Money;

use super::decimal::decimal;
use super::rows::PaymentRow;
use super::schema::payments::payments;
use crate::domain::ids::{OrderId, PaymentId, UserId};
use crate::domain::observation::Observation;
use crate::domain::reference::Reference;
use crate::domain::status::PaymentStatus;

/// An attempt to pay.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Payment {
    pub(crate) id: PaymentId,
    pub(crate) order: OrderId,
    /// None once they were forgotten.
    pub(crate) user: Option<UserId>,
    pub(crate) attempt: i32,
    pub(crate) reference: Reference,
    pub(crate) due: Money,
    pub(crate) status: PaymentStatus,
    pub(crate) is_superseded: bool,
    pub(crate) is_kept: bool,
    /// Why its capture settles nothing.
    pub(crate) hold: Option<Hold>,
    pub(crate) callback_url: String,
    /// Where it is paid, once the provider said so.
    pub(crate) address: Option<Address>,
    /// Since when the provider may know it.
    pub(crate) asked_at: Option<DateTime<Utc>>,
    /// Until when somebody is at opening it.
    pub(crate) opening_until: Option<DateTime<Utc>>,
    pub(crate) capture: Option<Capture>,
    pub(crate) channel: Option<String>,
    pub(crate) settled_at: Option<DateTime<Utc>>,
    /// When the provider is asked next.
    pub(crate) next_check_at: Option<DateTime<Utc>>,
    /// How often the provider was asked since it last changed.
    pub(crate) looks: u32,
    /// Since when it is watched once more, after it was told to be paid and that was not confirmed.
    pub(crate) watched_anew_at: Option<DateTime<Utc>>,
    /// When people are told that no order has answered for its capture.
    pub(crate) claim_due_at: Option<DateTime<Utc>>,
    pub(crate) refund_due_at: Option<DateTime<Utc>>,
    pub(crate) version: i64,
    pub(crate) traceparent: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
}

/// Where something is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) authorization_url: String,
    pub(crate) access_code: String,
}

/// What the provider has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Capture {
    pub(crate) gateway_id: String,
    pub(crate) paid_minor: i64,
    /// As the provider names it.
    pub(crate) currency: String,
    pub(crate) fees_minor: Option<i64>,
    pub(crate) paid_at: DateTime<Utc>,
}

/// Why a capture settles nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Something else than what was due was paid.
    Mismatch,
    /// It was on its way back before we knew that it was paid.
    Reversed,
}

impl Hold {
    /// The name in SQL and metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mismatch => "mismatch",
            Self::Reversed => "reversed",
        }
    }
}

/// An attempt that is about to begin.
#[derive(Debug, Clone)]
pub(crate) struct NewPayment {
    pub(crate) id: PaymentId,
    pub(crate) order: OrderId,
    pub(crate) user: UserId,
    pub(crate) attempt: i32,
    pub(crate) reference: Reference,
    pub(crate) due: Money,
    pub(crate) callback_url: String,
    pub(crate) traceparent: Option<String>,
    /// When it begins, which is when the provider may come to know it.
    pub(crate) now: DateTime<Utc>,
    pub(crate) opening_until: DateTime<Utc>,
    pub(crate) next_check_at: DateTime<Utc>,
}

/// Makes everybody else who begins a payment of the order wait until this transaction ends: an order may have no row here yet
/// that could be locked.
pub(crate) async fn take_turn(conn: &mut AsyncPgConnection, order: OrderId) -> QueryResult<()> {
    const SQL: &str = "SELECT pg_advisory_xact_lock(hashtextextended('payments.order.' || ?, 0))";
    Statement::new(SQL)
        .bind::<Text, _>(order.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// Adds an attempt.
pub(crate) async fn insert(conn: &mut AsyncPgConnection, new: &NewPayment) -> QueryResult<Payment> {
    let row: PaymentRow = diesel::insert_into(payments::table)
        .values((
            payments::id.eq(new.id.0),
            payments::order_id.eq(new.order.0),
            payments::user_id.eq(new.user.0),
            payments::attempt.eq(new.attempt),
            payments::reference.eq(new.reference.as_str()),
            payments::amount.eq(decimal(new.due.minor())?),
            payments::currency.eq(new.due.currency().code()),
            payments::callback_url.eq(&new.callback_url),
            payments::asked_at.eq(new.now),
            payments::opening_until.eq(new.opening_until),
            payments::next_check_at.eq(new.next_check_at),
            payments::traceparent.eq(new.traceparent.as_deref()),
            payments::created_at.eq(new.now),
        ))
        .returning(PaymentRow::as_returning())
        .prepared()
        .get_result(conn)
        .await?;
    row.open()
}

fn opened(row: Option<PaymentRow>) -> QueryResult<Option<Payment>> {
    row.map(PaymentRow::open).transpose()
}

fn all_opened(rows: Vec<PaymentRow>) -> QueryResult<Vec<Payment>> {
    rows.into_iter().map(PaymentRow::open).collect()
}

/// A payment.
pub(crate) async fn find(
    conn: &mut AsyncPgConnection,
    id: PaymentId,
) -> QueryResult<Option<Payment>> {
    let found = payments::table
        .find(id.0)
        .select(PaymentRow::as_select())
        .first(conn)
        .await;
    opened(found.optional()?)
}

/// A payment by its name at the provider.
pub(crate) async fn find_by_reference(
    conn: &mut AsyncPgConnection,
    reference: &Reference,
) -> QueryResult<Option<Payment>> {
    let found = payments::table
        .filter(payments::reference.eq(reference.as_str()))
        .select(PaymentRow::as_select())
        .first(conn)
        .await;
    opened(found.optional()?)
}

/// A payment, locked until the transaction ends.
pub(crate) async fn lock(
    conn: &mut AsyncPgConnection,
    id: PaymentId,
) -> QueryResult<Option<Payment>> {
    let found = payments::table
        .find(id.0)
        .select(PaymentRow::as_select())
        .for_no_key_update()
        .first(conn)
        .await;
    opened(found.optional()?)
}

/// All attempts of an order, newest first.
pub(crate) async fn of_order(
    conn: &mut AsyncPgConnection,
    order: OrderId,
) -> QueryResult<Vec<Payment>> {
    let rows = payments::table
        .filter(payments::order_id.eq(order.0))
        .order(payments::attempt.desc())
        .select(PaymentRow::as_select())
        .load(conn)
        .await?;
    all_opened(rows)
}

/// The number of an order's last attempt; none if there was none.
pub(crate) async fn last_attempt(
    conn: &mut AsyncPgConnection,
    order: OrderId,
) -> QueryResult<Option<i32>> {
    payments::table
        .filter(payments::order_id.eq(order.0))
        .select(max(payments::attempt))
        .first(conn)
        .await
}

/// Notes how far it has come without being paid. It is looked at anew, beginning with short pauses.
pub(crate) async fn note_uncaptured(
    conn: &mut AsyncPgConnection,
    id: PaymentId,
    status: PaymentStatus,
    channel: Option<&str>,
    next_check_at: Option<DateTime<Utc>>,
) -> QueryResult<Payment> {
    let row: PaymentRow = diesel::update(payments::table.find(id.0))
        .set((
            payments::status.eq(status.name()),
            payments::channel.eq(channel),
            payments::next_check_at.eq(next_check_at),
            payments::checks.eq(0),
            payments::version.eq(payments::version + 1),
        ))
        .returning(PaymentRow::as_returning())
        .prepared()
        .get_result(conn)
        .await?;
    row.open()
}

/// What is noted with a capture.
#[derive(Debug)]
pub(crate) struct NewCapture<'a> {
    pub(crate) seen: &'a Observation,
    pub(crate) fees_minor: Option<i64>,
    pub(crate) paid_at: DateTime<Utc>,
    pub(crate) hold: Option<Hold>,
    /// When people are told unless an order has answered for it.
    pub(crate) claim_due_at: Option<DateTime<Utc>>,
    /// When all is paid back unless an order keeps it.
    pub(crate) refund_due_at: Option<DateTime<Utc>>,
    /// When the provider is asked about its refunds.
    pub(crate) next_check_at: Option<DateTime<Utc>>,
}

/// Notes that the provider has the money.
pub(crate) async fn note_capture(
    conn: &mut AsyncPgConnection,
    id: PaymentId,
    capture: &NewCapture<'_>,
) -> QueryResult<Payment> {
    let seen = capture.seen;
    let row: PaymentRow = diesel::update(payments::table.find(id.0))
        .set((
            payments::status.eq(PaymentStatus::Paid.name()),
            payments::gateway_id.eq(&seen.gateway_id),
            payments::paid_amount.eq(decimal(seen.paid_minor)?),
            payments::paid_currency.eq(&seen.currency),
            payments::fees.eq(capture.fees_minor.map(decimal).transpose()?),
            payments::channel.eq(seen.channel.as_deref()),
            payments::paid_at.eq(capture.paid_at),
            payments::hold_reason.eq(capture.hold.map(Hold::name)),
            payments::claim_due_at.eq(capture.claim_due_at),
            payments::refund_due_at.eq(capture.refund_due_at),
            payments::next_check_at.eq(capture.next_check_at),
            payments::checks.eq(0),
            payments::opening_until.eq(None::<DateTime<Utc>>),
            payments::version.eq(payments::version + 1),
        ))
        .returning(PaymentRow::as_returning())
        .prepared()
        .get_result(conn)
        .await?;
    row.open()
}

/// Notes what the provider took of it for itself, where it told that only later.
pub(crate) async fn note_fees(
    conn: &mut AsyncPgConnection,
    id: PaymentId,
    fees_minor: i64,
) -> QueryResult<()> {
    diesel::update(payments::table.find(id.0))
        .set((
            payments::fees.eq(decimal(fees_minor)?),
            payments::version.eq(payments::version + 1),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes how much of it went back.
pub(crate) async fn note_refunded(
    conn: &mut AsyncPgConnection,
    id: PaymentId,
    status: PaymentStatus,
) -> QueryResult<Payment> {
    let row: PaymentRow = diesel::update(payments::table.find(id.0))
        .set((
            payments::status.eq(status.name()),
            payments::version.eq(payments::version + 1),
        ))
        .returning(PaymentRow::as_returning())
        .prepared()
        .get_result(conn)
        .await?;
    row.open()
}

/// Which payments to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct PaymentFilter {
    /// Only of this buyer.
    pub(crate) user: Option<UserId>,
    pub(crate) status: Option<PaymentStatus>,
    pub(crate) order: Option<OrderId>,
}

/// One page of payments, newest first, and how many there are in all.
pub(crate) async fn list(
    conn: &mut AsyncPgConnection,
    filter: &PaymentFilter,
    page: Page,
) -> QueryResult<(Vec<Payment>, i64)> {
    let newest = || {
        let mut query = payments::table.order(payments::id.desc()).into_boxed();
        if let Some(user) = filter.user {
            query = query.filter(payments::user_id.eq(user.0));
        }
        if let Some(status) = filter.status {
            query = query.filter(payments::status.eq(status.name()));
        }
        if let Some(order) = filter.order {
            query = query.filter(payments::order_id.eq(order.0));
        }
        query
    };
    let total = paging::count(conn, newest().select(payments::id)).await?;
    let rows = newest()
        .limit(page.rows())
        .offset(page.offset())
        .select(PaymentRow::as_select())
        .load(conn)
        .await?;
    Ok((all_opened(rows)?, total))
}
