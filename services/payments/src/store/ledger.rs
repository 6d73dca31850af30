//! The books: added to and read, never changed.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use common::ids;
use common::statement::{Prepare as _, Statement};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::decimal::{decimal, minor};
use super::schema::payments::{ledger_entries, ledger_transactions};
use crate::domain::ids::{PaymentId, RefundId};
use crate::domain::ledger::{Account, Booking};

/// What something is booked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BookedFor<'a> {
    pub(crate) payment: PaymentId,
    pub(crate) refund: Option<RefundId>,
    pub(crate) currency: &'a str,
    pub(crate) now: DateTime<Utc>,
}

/// Books something. The same thing twice is refused, and so is anything that does not balance by the end of the transaction.
pub(crate) async fn book(
    conn: &mut AsyncPgConnection,
    of: BookedFor<'_>,
    booking: &Booking,
) -> QueryResult<()> {
    let subject = of.refund.map_or(of.payment.0, |refund| refund.0);
    book_about(conn, subject, of, booking).await
}

/// The same about anything else that has an id, of which each kind is booked once.
pub(crate) async fn book_about(
    conn: &mut AsyncPgConnection,
    subject: Uuid,
    of: BookedFor<'_>,
    booking: &Booking,
) -> QueryResult<()> {
    let transaction = ids::new_id();
    diesel::insert_into(ledger_transactions::table)
        .values((
            ledger_transactions::id.eq(transaction),
            ledger_transactions::kind.eq(booking.kind.name()),
            ledger_transactions::subject_id.eq(subject),
            ledger_transactions::payment_id.eq(Some(of.payment.0)),
            ledger_transactions::refund_id.eq(of.refund.map(|refund| refund.0)),
            ledger_transactions::occurred_at.eq(of.now),
        ))
        .prepared()
        .execute(conn)
        .await?;
    book_entries(conn, transaction, (of.currency, of.now), booking).await
}

/// What the provider paid out, or what came back of that.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PaidOut<'a> {
    /// What the settlement's own list calls it.
    pub(crate) booking: Uuid,
    pub(crate) currency: &'a str,
    pub(crate) now: DateTime<Utc>,
}

/// Books what is about many payments at once, under the same rules.
pub(crate) async fn book_payout(
    conn: &mut AsyncPgConnection,
    of: PaidOut<'_>,
    booking: &Booking,
) -> QueryResult<()> {
    let transaction = ids::new_id();
    diesel::insert_into(ledger_transactions::table)
        .values((
            ledger_transactions::id.eq(transaction),
            ledger_transactions::kind.eq(booking.kind.name()),
            ledger_transactions::subject_id.eq(of.booking),
            ledger_transactions::occurred_at.eq(of.now),
        ))
        .prepared()
        .execute(conn)
        .await?;
    book_entries(conn, transaction, (of.currency, of.now), booking).await
}

async fn book_entries(
    conn: &mut AsyncPgConnection,
    transaction: Uuid,
    (currency, now): (&str, DateTime<Utc>),
    booking: &Booking,
) -> QueryResult<()> {
    let entries = booking.entries.iter().map(|(account, amount)| {
        Ok((
            ledger_entries::transaction_id.eq(transaction),
            ledger_entries::account.eq(account.name()),
            ledger_entries::amount.eq(decimal(*amount)?),
            ledger_entries::currency.eq(currency),
            ledger_entries::occurred_at.eq(now),
        ))
    });
    let entries = entries.collect::<QueryResult<Vec<_>>>()?;
    diesel::insert_into(ledger_entries::table)
        .values(entries)
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// One side of something that was booked.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct EntryRow {
    #[diesel(sql_type = BigInt)]
    pub(crate) seq: i64,
    #[diesel(sql_type = SqlUuid)]
    pub(crate) transaction_id: Uuid,
    #[diesel(sql_type = Text)]
    pub(crate) kind: String,
    #[diesel(sql_type = Text)]
    pub(crate) account: String,
    #[diesel(sql_type = Numeric)]
    amount: BigDecimal,
    #[diesel(sql_type = Text)]
    pub(crate) currency: String,
    /// None for what is about many payments at once.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(crate) payment_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(crate) order_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(crate) refund_id: Option<Uuid>,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) occurred_at: DateTime<Utc>,
}

impl EntryRow {
    /// A debit is positive, a credit negative.
    pub(crate) fn amount_minor(&self) -> QueryResult<i64> {
        minor(&self.amount)
    }
}

/// Where one page of entries ends and the next begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) occurred_at: DateTime<Utc>,
    pub(crate) seq: i64,
}

/// Which entries to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct EntryFilter {
    pub(crate) account: Option<Account>,
    /// From this time on.
    pub(crate) from: Option<DateTime<Utc>>,
    /// Before this time.
    pub(crate) to: Option<DateTime<Utc>>,
    /// After this one in the list.
    pub(crate) after: Option<Position>,
}

/// Some entries, newest first.
pub(crate) async fn list(
    conn: &mut AsyncPgConnection,
    filter: &EntryFilter,
    limit: i64,
) -> QueryResult<Vec<EntryRow>> {
    const SQL: &str = "SELECT e.seq, e.transaction_id, t.kind, e.account, e.amount, e.currency, t.payment_id, p.order_id,
             t.refund_id, e.occurred_at
         FROM (SELECT * FROM ledger_entries WHERE true";
    let mut statement = Statement::new(SQL);
    if let Some(account) = filter.account {
        statement = statement
            .say(" AND account = ?")
            .bind::<Text, _>(account.name());
    }
    if let Some(from) = filter.from {
        statement = statement
            .say(" AND occurred_at >= ?")
            .bind::<Timestamptz, _>(from);
    }
    if let Some(to) = filter.to {
        statement = statement
            .say(" AND occurred_at < ?")
            .bind::<Timestamptz, _>(to);
    }
    if let Some(after) = filter.after {
        statement = statement
            .say(" AND (occurred_at, seq) < (?, ?)")
            .bind::<Timestamptz, _>(after.occurred_at)
            .bind::<BigInt, _>(after.seq);
    }
    statement
        .say(
            " ORDER BY occurred_at DESC, seq DESC LIMIT ?) e
              JOIN ledger_transactions t ON t.id = e.transaction_id LEFT JOIN payments p ON p.id = t.payment_id
              ORDER BY e.occurred_at DESC, e.seq DESC",
        )
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await
}

/// What was booked to one account in one currency.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct BalanceRow {
    #[diesel(sql_type = Text)]
    pub(crate) account: String,
    #[diesel(sql_type = Text)]
    pub(crate) currency: String,
    /// In hundredths, as both are.
    #[diesel(sql_type = BigInt)]
    pub(crate) debit: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) credit: i64,
}

/// What was booked to each account, in each currency, before a time if there is one.
pub(crate) async fn balances(
    conn: &mut AsyncPgConnection,
    before: Option<DateTime<Utc>>,
) -> QueryResult<Vec<BalanceRow>> {
    const SQL: &str = "SELECT account, currency,
             coalesce(100 * sum(amount) FILTER (WHERE amount > 0), 0)::bigint AS debit,
             coalesce(-100 * sum(amount) FILTER (WHERE amount < 0), 0)::bigint AS credit
         FROM ledger_entries";
    let mut statement = Statement::new(SQL);
    if let Some(before) = before {
        statement = statement
            .say(" WHERE occurred_at < ?")
            .bind::<Timestamptz, _>(before);
    }
    statement
        .say(" GROUP BY account, currency ORDER BY account, currency")
        .load(conn)
        .await
}
