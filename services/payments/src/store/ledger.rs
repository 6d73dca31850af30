//! The books: added to and read, never changed.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use common::ids;
use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::decimal::{decimal, minor};
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

/// The same for what happened together.
pub(crate) async fn book_all(
    conn: &mut AsyncPgConnection,
    booked: &[(BookedFor<'_>, Booking)],
) -> QueryResult<()> {
    let rows = booked.iter().map(|(of, booking)| {
        let subject = of.refund.map_or(of.payment.0, |refund| refund.0);
        Row::about(subject, *of, booking)
    });
    write(conn, &rows.collect::<Vec<_>>()).await
}

/// The same about anything else that has an id, of which each kind is booked once.
pub(crate) async fn book_about(
    conn: &mut AsyncPgConnection,
    subject: Uuid,
    of: BookedFor<'_>,
    booking: &Booking,
) -> QueryResult<()> {
    write(conn, &[Row::about(subject, of, booking)]).await
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
    let row = Row {
        subject: of.booking,
        payment: None,
        refund: None,
        currency: of.currency,
        now: of.now,
        booking,
    };
    write(conn, &[row]).await
}

/// One transaction of the books.
struct Row<'a> {
    subject: Uuid,
    payment: Option<Uuid>,
    refund: Option<Uuid>,
    currency: &'a str,
    now: DateTime<Utc>,
    booking: &'a Booking,
}

impl<'a> Row<'a> {
    fn about(subject: Uuid, of: BookedFor<'a>, booking: &'a Booking) -> Self {
        Self {
            subject,
            payment: Some(of.payment.0),
            refund: of.refund.map(|refund| refund.0),
            currency: of.currency,
            now: of.now,
            booking,
        }
    }
}

/// Writes transactions and their entries in one statement.
async fn write(conn: &mut AsyncPgConnection, rows: &[Row<'_>]) -> QueryResult<()> {
    const SQL: &str = "WITH booked AS (
             INSERT INTO ledger_transactions (id, kind, subject_id, payment_id, refund_id, occurred_at)
             SELECT * FROM unnest(?, ?, ?, ?::uuid[], ?::uuid[], ?))
         INSERT INTO ledger_entries (transaction_id, account, amount, currency, occurred_at)
         SELECT * FROM unnest(?, ?, ?, ?, ?)";
    let mut sides = Sides::default();
    let mut ids = Vec::with_capacity(rows.len());
    for row in rows {
        let id = ids::new_id();
        ids.push(id);
        for (account, amount) in &row.booking.entries {
            sides.transactions.push(id);
            sides.accounts.push(account.name());
            sides.amounts.push(decimal(*amount)?);
            sides.currencies.push(row.currency.to_owned());
            sides.times.push(row.now);
        }
    }
    let each = rows.iter();
    Statement::new(SQL)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<Text>, _>(
            each.clone()
                .map(|row| row.booking.kind.name())
                .collect::<Vec<_>>(),
        )
        .bind::<Array<SqlUuid>, _>(each.clone().map(|row| row.subject).collect::<Vec<_>>())
        .bind::<Array<Nullable<SqlUuid>>, _>(
            each.clone().map(|row| row.payment).collect::<Vec<_>>(),
        )
        .bind::<Array<Nullable<SqlUuid>>, _>(each.clone().map(|row| row.refund).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(each.map(|row| row.now).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(sides.transactions)
        .bind::<Array<Text>, _>(sides.accounts)
        .bind::<Array<Numeric>, _>(sides.amounts)
        .bind::<Array<Text>, _>(sides.currencies)
        .bind::<Array<Timestamptz>, _>(sides.times)
        .execute(conn)
        .await?;
    Ok(())
}

/// The entries of several transactions, column by column.
#[derive(Default)]
struct Sides {
    transactions: Vec<Uuid>,
    accounts: Vec<&'static str>,
    amounts: Vec<BigDecimal>,
    currencies: Vec<String>,
    times: Vec<DateTime<Utc>>,
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
