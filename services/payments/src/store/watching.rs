//! When the provider is asked about a payment, and when what nobody keeps is paid back.

use chrono::{DateTime, Utc};
use common::statement::{Prepare as _, Statement};
use diesel::dsl::not;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::payments::payments;
use crate::domain::ids::PaymentId;

#[derive(QueryableByName)]
struct Claimed {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

fn ids(rows: Vec<Claimed>) -> Vec<PaymentId> {
    rows.into_iter().map(|row| PaymentId(row.id)).collect()
}

/// Takes the payments that the provider is to be asked about, longest due first, so that nobody else asks until `until`.
pub(crate) async fn claim_checks(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<PaymentId>> {
    // Materialized: a subquery may be run once for each row of the table, and take others each time.
    const SQL: &str = "WITH due AS MATERIALIZED (
             SELECT id FROM payments WHERE next_check_at <= ?
             ORDER BY next_check_at LIMIT ? FOR NO KEY UPDATE SKIP LOCKED)
         UPDATE payments p SET next_check_at = ?, checks = p.checks + 1
         FROM due WHERE p.id = due.id RETURNING p.id";
    let rows: Vec<Claimed> = Statement::new(SQL)
        .bind::<Timestamptz, _>(now)
        .bind::<BigInt, _>(limit)
        .bind::<Timestamptz, _>(until)
        .load(conn)
        .await?;
    Ok(ids(rows))
}

/// Sets when the provider is asked next; none: not by itself.
pub(crate) async fn schedule(
    conn: &mut AsyncPgConnection,
    id: PaymentId,
    at: Option<DateTime<Utc>>,
) -> QueryResult<()> {
    diesel::update(payments::table.find(id.0))
        .set(payments::next_check_at.eq(at))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Sets when the provider is asked next, after it was asked just now; unless meanwhile there is nothing more to be asked.
pub(crate) async fn put_off(
    conn: &mut AsyncPgConnection,
    id: PaymentId,
    at: Option<DateTime<Utc>>,
) -> QueryResult<()> {
    diesel::update(payments::table.find(id.0))
        .filter(payments::next_check_at.is_not_null())
        .set(payments::next_check_at.eq(at))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Sets when the provider is asked next, beginning anew with short pauses.
pub(crate) async fn restart(
    conn: &mut AsyncPgConnection,
    id: PaymentId,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(payments::table.find(id.0))
        .set((payments::next_check_at.eq(at), payments::checks.eq(0)))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Has the provider asked at `at` and then for as long as about a payment that began now.
pub(crate) async fn watch_anew(
    conn: &mut AsyncPgConnection,
    id: PaymentId,
    now: DateTime<Utc>,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(payments::table.find(id.0))
        .set((
            payments::next_check_at.eq(at),
            payments::checks.eq(0),
            payments::watched_anew_at.eq(now),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Captures that no order has answered for in time.
pub(crate) async fn due_claims(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<PaymentId>> {
    let due: Vec<Uuid> = payments::table
        .filter(payments::claim_due_at.le(now))
        .order(payments::claim_due_at)
        .limit(limit)
        .select(payments::id)
        .load(conn)
        .await?;
    Ok(due.into_iter().map(PaymentId).collect())
}

/// Notes that an order has answered for a capture, or that people were told that none has.
pub(crate) async fn end_claim(conn: &mut AsyncPgConnection, id: PaymentId) -> QueryResult<()> {
    diesel::update(payments::table.find(id.0))
        .set(payments::claim_due_at.eq(None::<DateTime<Utc>>))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Captures whose time has come to be paid back.
pub(crate) async fn due_refunds(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<PaymentId>> {
    let due: Vec<Uuid> = payments::table
        .filter(payments::refund_due_at.le(now))
        .filter(not(payments::kept))
        .order(payments::refund_due_at)
        .limit(limit)
        .select(payments::id)
        .load(conn)
        .await?;
    Ok(due.into_iter().map(PaymentId).collect())
}

/// Sets when all that is left is paid back; none: not by itself.
pub(crate) async fn schedule_refund(
    conn: &mut AsyncPgConnection,
    id: PaymentId,
    at: Option<DateTime<Utc>>,
) -> QueryResult<()> {
    diesel::update(payments::table.find(id.0))
        .set(payments::refund_due_at.eq(at))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Lets a capture that could not be paid back wait, unless it is not to be paid back any more.
pub(crate) async fn put_off_refund(
    conn: &mut AsyncPgConnection,
    id: PaymentId,
    until: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(payments::table.find(id.0))
        .filter(payments::refund_due_at.is_not_null())
        .set(payments::refund_due_at.eq(until))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}
