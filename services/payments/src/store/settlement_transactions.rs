//! The transactions that a settlement pays out, and the payments that they are.

use std::collections::BTreeMap;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Bool, Integer, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::decimal::{decimal, minor};
use crate::domain::ids::{PaymentId, SettlementId};
use crate::domain::observation::Observation;
use crate::domain::settlement::Rows;

/// Takes over a page of a settlement's transactions; answers how many of them were not on a page before.
pub(crate) async fn note_page(
    conn: &mut AsyncPgConnection,
    settlement: SettlementId,
    revision: i32,
    page: &[Observation],
) -> QueryResult<usize> {
    const SQL: &str = "INSERT INTO settlement_transactions AS s
             (settlement_id, gateway_id, reference, amount, currency, fees, payment_id, revision)
         SELECT ?, t.gateway_id, t.reference, t.amount, t.currency, t.fees, p.id, ?
         FROM unnest(?, ?, ?, ?, ?) AS t (gateway_id, reference, amount, currency, fees)
         LEFT JOIN payments p ON p.reference = t.reference
         ON CONFLICT (settlement_id, gateway_id) DO UPDATE SET reference = excluded.reference, amount = excluded.amount,
             currency = excluded.currency, fees = excluded.fees, payment_id = excluded.payment_id,
             revision = excluded.revision, is_applied = false
         WHERE s.revision < excluded.revision";
    let page: BTreeMap<&str, &Observation> = page
        .iter()
        .map(|row| (row.gateway_id.as_str(), row))
        .collect();
    let texts = |of: fn(&Observation) -> &String| -> Vec<String> {
        page.values().map(|row| of(row).clone()).collect()
    };
    let amounts = page.values().map(|row| decimal(row.paid_minor));
    let amounts: Vec<BigDecimal> = amounts.collect::<QueryResult<_>>()?;
    let fees = page
        .values()
        .map(|row| row.fees_minor.map(decimal).transpose());
    let fees: Vec<Option<BigDecimal>> = fees.collect::<QueryResult<_>>()?;
    Statement::new(SQL)
        .bind::<SqlUuid, _>(settlement.0)
        .bind::<Integer, _>(revision)
        .bind::<Array<Text>, _>(texts(|row| &row.gateway_id))
        .bind::<Array<Text>, _>(texts(|row| &row.reference))
        .bind::<Array<Numeric>, _>(amounts)
        .bind::<Array<Text>, _>(texts(|row| &row.currency))
        .bind::<Array<Nullable<Numeric>>, _>(fees)
        .execute(conn)
        .await
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Payments of ours among a settlement's transactions that we do not know to be paid.
pub(crate) async fn unpaid(
    conn: &mut AsyncPgConnection,
    settlement: SettlementId,
    limit: i64,
) -> QueryResult<Vec<PaymentId>> {
    const SQL: &str = "SELECT p.id FROM settlement_transactions t JOIN payments p ON p.id = t.payment_id
         WHERE t.settlement_id = ? AND NOT t.is_applied AND t.payment_id IS NOT NULL AND p.paid_amount IS NULL ORDER BY p.id LIMIT ?";
    let rows: Vec<Named> = Statement::new(SQL)
        .bind::<SqlUuid, _>(settlement.0)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| PaymentId(row.id)).collect())
}

/// A payment that a settlement pays out, locked.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct SettledRow {
    #[diesel(sql_type = SqlUuid)]
    payment_id: Uuid,
    #[diesel(sql_type = Numeric)]
    amount: BigDecimal,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = Nullable<Numeric>)]
    fees: Option<BigDecimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    paid_amount: Option<BigDecimal>,
    #[diesel(sql_type = Nullable<Text>)]
    paid_currency: Option<String>,
    #[diesel(sql_type = Nullable<Numeric>)]
    captured_fees: Option<BigDecimal>,
    #[diesel(sql_type = Bool)]
    has_late_fees: bool,
}

/// The same, in hundredths.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    pub(crate) payment: PaymentId,
    pub(crate) amount_minor: i64,
    pub(crate) currency: String,
    /// The provider's fees by the row; none if it does not say.
    pub(crate) fees_minor: Option<i64>,
    /// What was captured by our books, and in which currency; none if nothing was.
    pub(crate) captured: Option<(i64, String)>,
    pub(crate) captured_fees_minor: i64,
    /// Other fees than those of the capture were booked before.
    pub(crate) has_late_fees: bool,
}

impl SettledRow {
    fn open(self) -> QueryResult<Settled> {
        let paid = self.paid_amount.as_ref().map(minor).transpose()?;
        let captured_fees = self.captured_fees.as_ref().map(minor).transpose()?;
        Ok(Settled {
            payment: PaymentId(self.payment_id),
            amount_minor: minor(&self.amount)?,
            currency: self.currency,
            fees_minor: self.fees.as_ref().map(minor).transpose()?,
            captured: paid.zip(self.paid_currency),
            captured_fees_minor: captured_fees.unwrap_or(0),
            has_late_fees: self.has_late_fees,
        })
    }
}

/// Some payments that do not know yet what follows from the settlement, locked in one order.
pub(crate) async fn lock_some(
    conn: &mut AsyncPgConnection,
    settlement: SettlementId,
    limit: i64,
) -> QueryResult<Vec<Settled>> {
    const SQL: &str = "SELECT p.id AS payment_id, t.amount, t.currency, t.fees, p.paid_amount, p.paid_currency,
             p.fees AS captured_fees,
             EXISTS (SELECT FROM ledger_transactions l WHERE l.kind = 'fees' AND l.subject_id = p.id) AS has_late_fees
         FROM settlement_transactions t JOIN payments p ON p.id = t.payment_id
         WHERE t.settlement_id = ? AND NOT t.is_applied AND t.payment_id IS NOT NULL ORDER BY t.payment_id LIMIT ? FOR NO KEY UPDATE OF p";
    let rows: Vec<SettledRow> = Statement::new(SQL)
        .bind::<SqlUuid, _>(settlement.0)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?;
    rows.into_iter().map(SettledRow::open).collect()
}

/// Notes when payments were paid out, and that they know what follows from the settlement.
pub(crate) async fn settle(
    conn: &mut AsyncPgConnection,
    settlement: SettlementId,
    payments: &[PaymentId],
    at: DateTime<Utc>,
) -> QueryResult<()> {
    const SQL: &str =
        "UPDATE payments SET settled_at = ? WHERE id = ANY(?) AND paid_amount IS NOT NULL";
    Statement::new(SQL)
        .bind::<Timestamptz, _>(at)
        .bind::<Array<SqlUuid>, _>(plain(payments))
        .execute(conn)
        .await?;
    mark(conn, settlement, payments).await
}

/// Notes which fees the provider has taken in the end.
pub(crate) async fn note_fees(
    conn: &mut AsyncPgConnection,
    payment: PaymentId,
    fees_minor: i64,
) -> QueryResult<()> {
    const SQL: &str = "UPDATE payments SET fees = ? WHERE id = ?";
    Statement::new(SQL)
        .bind::<Numeric, _>(decimal(fees_minor)?)
        .bind::<SqlUuid, _>(payment.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes that a settlement does not pay payments out, unless another one does.
pub(crate) async fn unsettle(
    conn: &mut AsyncPgConnection,
    settlement: SettlementId,
    payments: &[PaymentId],
) -> QueryResult<()> {
    const SQL: &str = "UPDATE payments p SET settled_at = (
             SELECT max(s.settles_at) FROM settlement_transactions t JOIN settlements s ON s.id = t.settlement_id
             WHERE t.payment_id = p.id AND t.settlement_id <> ? AND s.booked > 0)
         WHERE p.id = ANY(?) AND p.settled_at IS NOT NULL";
    Statement::new(SQL)
        .bind::<SqlUuid, _>(settlement.0)
        .bind::<Array<SqlUuid>, _>(plain(payments))
        .execute(conn)
        .await?;
    mark(conn, settlement, payments).await
}

async fn mark(
    conn: &mut AsyncPgConnection,
    settlement: SettlementId,
    payments: &[PaymentId],
) -> QueryResult<()> {
    const SQL: &str = "UPDATE settlement_transactions SET is_applied = true
         WHERE settlement_id = ? AND payment_id = ANY(?) AND NOT is_applied";
    Statement::new(SQL)
        .bind::<SqlUuid, _>(settlement.0)
        .bind::<Array<SqlUuid>, _>(plain(payments))
        .execute(conn)
        .await?;
    Ok(())
}

fn plain(payments: &[PaymentId]) -> Vec<Uuid> {
    payments.iter().map(|payment| payment.0).collect()
}

#[derive(QueryableByName)]
struct Dropped {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    payment_id: Option<Uuid>,
}

/// Some transactions that are no longer part of the settlement, with the payments that they are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gone {
    pub(crate) transactions: usize,
    pub(crate) payments: Vec<PaymentId>,
}

/// Takes transactions out that are no longer part of the settlement.
pub(crate) async fn drop_some(
    conn: &mut AsyncPgConnection,
    settlement: SettlementId,
    revision: i32,
    limit: i64,
) -> QueryResult<Gone> {
    const SQL: &str = "DELETE FROM settlement_transactions WHERE settlement_id = ? AND gateway_id IN (
             SELECT gateway_id FROM settlement_transactions WHERE settlement_id = ? AND revision < ? LIMIT ?)
         RETURNING payment_id";
    let rows: Vec<Dropped> = Statement::new(SQL)
        .bind::<SqlUuid, _>(settlement.0)
        .bind::<SqlUuid, _>(settlement.0)
        .bind::<Integer, _>(revision)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?;
    Ok(Gone {
        transactions: rows.len(),
        payments: rows
            .into_iter()
            .filter_map(|row| row.payment_id.map(PaymentId))
            .collect(),
    })
}

#[derive(QueryableByName)]
struct SumRow {
    #[diesel(sql_type = BigInt)]
    rows: i64,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = BigInt)]
    fees: i64,
    #[diesel(sql_type = BigInt)]
    captured: i64,
    #[diesel(sql_type = BigInt)]
    captured_fees: i64,
    #[diesel(sql_type = BigInt)]
    unknown: i64,
    #[diesel(sql_type = BigInt)]
    unlike: i64,
    #[diesel(sql_type = BigInt)]
    other_fees: i64,
    #[diesel(sql_type = BigInt)]
    twice: i64,
}

/// What a settlement's transactions come to, beside what our books say of the same payments.
pub(crate) async fn sum(
    conn: &mut AsyncPgConnection,
    settlement: SettlementId,
    currency: &str,
) -> QueryResult<Rows> {
    const SQL: &str = "WITH compared AS (
             SELECT t.amount, coalesce(t.fees, 0) AS fees, p.paid_amount, coalesce(p.fees, 0) AS captured_fees,
                 p.paid_amount IS NOT NULL AND p.paid_currency = ? AS is_ours,
                 p.paid_amount IS DISTINCT FROM t.amount OR t.currency IS DISTINCT FROM p.paid_currency AS is_unlike,
                 t.fees IS NOT NULL AND t.fees <> coalesce(p.fees, 0) AS has_other_fees,
                 EXISTS (SELECT FROM settlement_transactions o JOIN settlements s ON s.id = o.settlement_id
                     WHERE o.payment_id = p.id AND o.settlement_id <> t.settlement_id AND s.booked > 0) AS is_twice
             FROM settlement_transactions t LEFT JOIN payments p ON p.id = t.payment_id WHERE t.settlement_id = ?)
         SELECT count(*) AS rows, coalesce(100 * sum(amount), 0)::bigint AS amount, coalesce(100 * sum(fees), 0)::bigint AS fees,
             coalesce(100 * sum(paid_amount) FILTER (WHERE is_ours), 0)::bigint AS captured,
             coalesce(100 * sum(captured_fees) FILTER (WHERE is_ours), 0)::bigint AS captured_fees,
             count(*) FILTER (WHERE paid_amount IS NULL) AS unknown,
             count(*) FILTER (WHERE paid_amount IS NOT NULL AND is_unlike) AS unlike,
             count(*) FILTER (WHERE is_ours AND has_other_fees) AS other_fees,
             count(*) FILTER (WHERE is_twice) AS twice
         FROM compared";
    let row: SumRow = Statement::new(SQL)
        .bind::<Text, _>(currency.to_owned())
        .bind::<SqlUuid, _>(settlement.0)
        .get_result(conn)
        .await?;
    Ok(Rows {
        count: row.rows,
        amount: row.amount,
        fees: row.fees,
        captured: row.captured,
        captured_fees: row.captured_fees,
        unknown: row.unknown,
        unlike: row.unlike,
        other_fees: row.other_fees,
        twice: row.twice,
    })
}

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = BigInt)]
    minor: i64,
}

/// What has gone back of a currency by our books, or is on its way, and was held back of no settlement but this one.
pub(crate) async fn gone_back(
    conn: &mut AsyncPgConnection,
    settlement: SettlementId,
    currency: &str,
) -> QueryResult<i64> {
    // The kinds are written out as in the index.
    const SQL: &str = "SELECT (100 * (
             coalesce((SELECT -sum(e.amount) FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
                 WHERE t.kind IN ('refund_processed', 'refund_returned', 'refund_reinstated', 'chargeback', 'chargeback_returned')
                     AND e.account = 'gateway_clearing' AND e.currency = ?), 0)
             + coalesce((SELECT sum(amount) FROM refunds
                 WHERE status NOT IN ('processed', 'failed') AND currency = ?), 0)
             - coalesce((SELECT sum(deductions_explained) FROM settlements
                 WHERE status = 'success' AND currency = ? AND id <> ?), 0)
         ))::bigint AS minor";
    let sum: Sum = Statement::new(SQL)
        .bind::<Text, _>(currency.to_owned())
        .bind::<Text, _>(currency.to_owned())
        .bind::<Text, _>(currency.to_owned())
        .bind::<SqlUuid, _>(settlement.0)
        .get_result(conn)
        .await?;
    Ok(sum.minor)
}
