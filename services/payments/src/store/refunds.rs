//! Refunds. Whoever changes how far one has come has its payment's row locked; the worker that takes one in hand or puts it off
//! has not.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use common::paging::{self, Page};
use common::statement::{Prepare as _, Statement, is_among};
use diesel::dsl::sum;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::decimal::{decimal, minor};
use super::rows::RefundRow;
use super::schema::payments::refunds;
use crate::domain::ids::{OrderId, PaymentId, RefundId, UserId};
use crate::domain::ledger::Account;
use crate::domain::refund::{Origin, RefundStatus};

/// Money that goes back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refund {
    pub(crate) id: RefundId,
    pub(crate) payment: PaymentId,
    pub(crate) order: OrderId,
    pub(crate) amount_minor: i64,
    /// That of the capture.
    pub(crate) currency: String,
    pub(crate) status: RefundStatus,
    pub(crate) origin: String,
    pub(crate) reason: String,
    /// Which sold lines go back on the shelf, as it is told to others.
    pub(crate) restock: Option<Value>,
    pub(crate) gateway_id: Option<String>,
    pub(crate) charged_to: Account,
    /// Since when the provider may have it.
    pub(crate) asked_at: Option<DateTime<Utc>>,
    pub(crate) attempts: i32,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) processed_at: Option<DateTime<Utc>>,
}

impl Refund {
    /// Whether this system decided it.
    pub(crate) fn is_systems(&self) -> bool {
        self.origin == Origin::System.name()
    }

    /// Whether the shop's staff decided it.
    pub(crate) fn is_staffs(&self) -> bool {
        self.origin == Origin::Staff.name()
    }
}

/// A refund that is about to be.
#[derive(Debug)]
pub(crate) struct NewRefund {
    pub(crate) id: RefundId,
    pub(crate) payment: PaymentId,
    pub(crate) order: OrderId,
    pub(crate) amount_minor: i64,
    pub(crate) currency: String,
    pub(crate) origin: Origin,
    pub(crate) reason: String,
    pub(crate) restock: Option<Value>,
    pub(crate) requested_by: Option<UserId>,
    pub(crate) charged_to: Account,
    /// The provider's number, for one that the provider has already; it is then not asked for it.
    pub(crate) gateway_id: Option<String>,
    pub(crate) now: DateTime<Utc>,
}

/// Adds a refund.
pub(crate) async fn insert(conn: &mut AsyncPgConnection, new: &NewRefund) -> QueryResult<Refund> {
    let ask_at = new.gateway_id.is_none().then_some(new.now);
    let row: RefundRow = diesel::insert_into(refunds::table)
        .values((
            refunds::id.eq(new.id.0),
            refunds::payment_id.eq(new.payment.0),
            refunds::order_id.eq(new.order.0),
            refunds::amount.eq(decimal(new.amount_minor)?),
            refunds::currency.eq(&new.currency),
            refunds::origin.eq(new.origin.name()),
            refunds::reason.eq(&new.reason),
            refunds::restock.eq(new.restock.as_ref()),
            refunds::requested_by.eq(new.requested_by.map(|user| user.0)),
            refunds::charged_to.eq(new.charged_to.name()),
            refunds::gateway_id.eq(new.gateway_id.as_deref()),
            refunds::next_attempt_at.eq(ask_at),
            refunds::created_at.eq(new.now),
        ))
        .returning(RefundRow::as_returning())
        .prepared()
        .get_result(conn)
        .await?;
    row.open()
}

/// A refund.
pub(crate) async fn find(
    conn: &mut AsyncPgConnection,
    id: RefundId,
) -> QueryResult<Option<Refund>> {
    let row = refunds::table
        .find(id.0)
        .select(RefundRow::as_select())
        .first(conn)
        .await
        .optional()?;
    row.map(RefundRow::open).transpose()
}

/// Everything that goes or went back of a payment, oldest first.
pub(crate) async fn of_payment(
    conn: &mut AsyncPgConnection,
    payment: PaymentId,
) -> QueryResult<Vec<Refund>> {
    of_payments(conn, vec![payment]).await
}

/// Everything that goes or went back of some payments, oldest first.
pub(crate) async fn of_payments(
    conn: &mut AsyncPgConnection,
    payments: Vec<PaymentId>,
) -> QueryResult<Vec<Refund>> {
    let rows: Vec<RefundRow> = refunds::table
        .filter(is_among(
            refunds::payment_id,
            payments.into_iter().map(|id| id.0),
        ))
        .order(refunds::id)
        .select(RefundRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(RefundRow::open).collect()
}

/// How much of a payment went back, in hundredths.
pub(crate) async fn processed_of(
    conn: &mut AsyncPgConnection,
    payment: PaymentId,
) -> QueryResult<i64> {
    let total: Option<BigDecimal> = refunds::table
        .filter(refunds::payment_id.eq(payment.0))
        .filter(refunds::status.eq(RefundStatus::Processed.name()))
        .select(sum(refunds::amount))
        .first(conn)
        .await?;
    total.as_ref().map_or(Ok(0), minor)
}

/// A refund that this process may ask the provider for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claimed {
    pub(crate) id: RefundId,
    /// Which claim it is: whoever was too slow, so that another took it over, changes nothing any more.
    pub(crate) attempts: i32,
    /// Whether the provider may have it by an earlier claim.
    pub(crate) was_asked: bool,
}

#[derive(QueryableByName)]
struct ClaimedRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    was_asked: bool,
}

/// Takes the refund that is due longest and that nobody else has in hand, until `until`. From here on the provider may have it,
/// whatever becomes of this process, so that is noted with the claim.
pub(crate) async fn claim_next(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> QueryResult<Option<Claimed>> {
    // Materialized: a subquery may be run once for each row of the table, and take another row each time.
    const SQL: &str = "WITH due AS MATERIALIZED (
             SELECT id, asked_at FROM refunds WHERE next_attempt_at <= ?
             ORDER BY next_attempt_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
         UPDATE refunds r SET attempts = r.attempts + 1, next_attempt_at = ?, asked_at = coalesce(r.asked_at, ?)
         FROM due WHERE r.id = due.id RETURNING r.id, r.attempts, due.asked_at IS NOT NULL AS was_asked";
    let row: Option<ClaimedRow> = Statement::new(SQL)
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(until)
        .bind::<Timestamptz, _>(now)
        .get_result(conn)
        .await
        .optional()?;
    Ok(row.map(|row| Claimed {
        id: RefundId(row.id),
        attempts: row.attempts,
        was_asked: row.was_asked,
    }))
}

/// Lets a refund wait. `is_unasked`: the provider certainly does not have it. Does nothing if the claim no longer holds, or the
/// provider has it by now.
pub(crate) async fn put_off(
    conn: &mut AsyncPgConnection,
    claim: Claimed,
    until: DateTime<Utc>,
    is_unasked: bool,
    cause: &str,
) -> QueryResult<()> {
    let waiting = refunds::table
        .find(claim.id.0)
        .filter(refunds::attempts.eq(claim.attempts))
        .filter(refunds::status.eq(RefundStatus::Requested.name()));
    let set = (
        refunds::next_attempt_at.eq(until),
        refunds::last_error.eq(cause),
    );
    if is_unasked {
        let unasked = refunds::asked_at.eq(None::<DateTime<Utc>>);
        diesel::update(waiting)
            .set((set, unasked))
            .prepared()
            .execute(conn)
            .await?;
    } else {
        diesel::update(waiting)
            .set(set)
            .prepared()
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// Notes the provider's number.
pub(crate) async fn note_gateway_id(
    conn: &mut AsyncPgConnection,
    id: RefundId,
    gateway_id: &str,
) -> QueryResult<()> {
    diesel::update(refunds::table.find(id.0))
        .set(refunds::gateway_id.eq(gateway_id))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes how far it has come at the provider, which is not asked for it any more.
pub(crate) async fn note_status(
    conn: &mut AsyncPgConnection,
    id: RefundId,
    status: RefundStatus,
    cause: Option<&str>,
    now: DateTime<Utc>,
) -> QueryResult<Refund> {
    let processed_at = (status == RefundStatus::Processed).then_some(now);
    let row: RefundRow = diesel::update(refunds::table.find(id.0))
        .set((
            refunds::status.eq(status.name()),
            refunds::processed_at.eq(processed_at),
            refunds::next_attempt_at.eq(None::<DateTime<Utc>>),
            refunds::last_error.eq(cause),
            refunds::version.eq(refunds::version + 1),
        ))
        .returning(RefundRow::as_returning())
        .prepared()
        .get_result(conn)
        .await?;
    row.open()
}

/// Lets what was charged to suspense be the order's, because it keeps the payment.
pub(crate) async fn charge_to_refunds(
    conn: &mut AsyncPgConnection,
    payment: PaymentId,
) -> QueryResult<()> {
    diesel::update(refunds::table.filter(refunds::payment_id.eq(payment.0)))
        .filter(refunds::status.ne(RefundStatus::Failed.name()))
        .set(refunds::charged_to.eq(Account::Refunds.name()))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Lets a refund be paid for by another account.
pub(crate) async fn charge_to(
    conn: &mut AsyncPgConnection,
    id: RefundId,
    account: Account,
) -> QueryResult<()> {
    diesel::update(refunds::table.find(id.0))
        .set(refunds::charged_to.eq(account.name()))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Oldest {
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

/// When the oldest refund was decided that has not ended.
pub(crate) async fn oldest_under_way(
    conn: &mut AsyncPgConnection,
) -> QueryResult<Option<DateTime<Utc>>> {
    const SQL: &str = "SELECT created_at FROM refunds WHERE status NOT IN ('processed', 'failed')
         ORDER BY created_at LIMIT 1";
    let oldest: Option<Oldest> = Statement::new(SQL).get_result(conn).await.optional()?;
    Ok(oldest.map(|row| row.created_at))
}

/// Which refunds to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct RefundFilter {
    pub(crate) status: Option<RefundStatus>,
    pub(crate) payment: Option<PaymentId>,
}

/// One page of refunds, newest first, and how many there are in all.
pub(crate) async fn list(
    conn: &mut AsyncPgConnection,
    filter: &RefundFilter,
    page: Page,
) -> QueryResult<(Vec<Refund>, i64)> {
    let newest = || {
        let mut query = refunds::table.order(refunds::id.desc()).into_boxed();
        if let Some(status) = filter.status {
            query = query.filter(refunds::status.eq(status.name()));
        }
        if let Some(payment) = filter.payment {
            query = query.filter(refunds::payment_id.eq(payment.0));
        }
        query
    };
    let total = paging::count(conn, newest().select(refunds::id)).await?;
    let rows: Vec<RefundRow> = newest()
        .limit(page.rows())
        .offset(page.offset())
        .select(RefundRow::as_select())
        .load(conn)
        .await?;
    let rows: QueryResult<Vec<Refund>> = rows.into_iter().map(RefundRow::open).collect();
    Ok((rows?, total))
}
