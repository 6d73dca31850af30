//! What the provider says, for as long as its run goes on.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Bool, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::clients::gateway::ListedRefund;
use crate::domain::ids::RunId;
use crate::domain::observation::{GatewayStatus, Observation};
use crate::domain::reconciliation::refund::TheirRefund;
use crate::domain::refund::RefundStatus;
use crate::store::decimal::{decimal, minor};

/// How something came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// From the list.
    Listed,
    /// It was asked about. What was listed before stays listed, with what is said of it now.
    Asked,
}

/// Keeps what the provider says of transactions, each once and as it was said last.
pub(crate) async fn put_transactions(
    conn: &mut AsyncPgConnection,
    run: RunId,
    seen: &[Observation],
    source: Source,
) -> QueryResult<()> {
    const SQL: &str = "INSERT INTO reconciliation_transactions AS known (run_id, gateway_id, reference, status, domain, amount,
             requested_amount, currency, fees, channel, paid_at, is_listed)
         SELECT DISTINCT ON (gateway_id) ?, n.*, ?
         FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) AS n (gateway_id, reference, status, domain, amount, requested_amount,
             currency, fees, channel, paid_at)
         ON CONFLICT (run_id, gateway_id) DO UPDATE SET reference = excluded.reference, status = excluded.status,
             domain = excluded.domain, amount = excluded.amount, requested_amount = excluded.requested_amount,
             currency = excluded.currency, fees = excluded.fees, channel = excluded.channel, paid_at = excluded.paid_at,
             is_listed = known.is_listed OR excluded.is_listed";
    if seen.is_empty() {
        return Ok(());
    }
    let texts = |read: fn(&Observation) -> &str| -> Vec<String> {
        seen.iter().map(|one| read(one).to_owned()).collect()
    };
    let decimals = |read: fn(&Observation) -> Option<i64>| -> QueryResult<Vec<Option<BigDecimal>>> {
        let minors = seen.iter().map(read);
        minors.map(|minor| minor.map(decimal).transpose()).collect()
    };
    let channels: Vec<Option<String>> = seen.iter().map(|one| one.channel.clone()).collect();
    let paid_at: Vec<Option<DateTime<Utc>>> = seen.iter().map(|one| one.paid_at).collect();
    Statement::new(SQL)
        .bind::<SqlUuid, _>(run.0)
        .bind::<Bool, _>(source == Source::Listed)
        .bind::<Array<Text>, _>(texts(|one| &one.gateway_id))
        .bind::<Array<Text>, _>(texts(|one| &one.reference))
        .bind::<Array<Text>, _>(texts(|one| one.status.name()))
        .bind::<Array<Text>, _>(texts(|one| &one.domain))
        .bind::<Array<Nullable<Numeric>>, _>(decimals(|one| Some(one.paid_minor))?)
        .bind::<Array<Nullable<Numeric>>, _>(decimals(|one| one.requested_minor)?)
        .bind::<Array<Text>, _>(texts(|one| &one.currency))
        .bind::<Array<Nullable<Numeric>>, _>(decimals(|one| one.fees_minor)?)
        .bind::<Array<Nullable<Text>>, _>(channels)
        .bind::<Array<Nullable<Timestamptz>>, _>(paid_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// Keeps what the provider says of refunds, each once and as it was said last.
pub(crate) async fn put_refunds(
    conn: &mut AsyncPgConnection,
    run: RunId,
    seen: &[ListedRefund],
) -> QueryResult<()> {
    const SQL: &str = "INSERT INTO reconciliation_refunds (run_id, gateway_id, transaction_id, status, amount, currency, note,
             dispute_id, created_at, updated_at)
         SELECT DISTINCT ON (gateway_id) ?, n.*
         FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?) AS n (gateway_id, transaction_id, status, amount, currency, note, dispute_id,
             created_at, updated_at)
         ON CONFLICT (run_id, gateway_id) DO UPDATE SET status = excluded.status, amount = excluded.amount,
             currency = excluded.currency, note = excluded.note, dispute_id = excluded.dispute_id,
             updated_at = excluded.updated_at";
    if seen.is_empty() {
        return Ok(());
    }
    let texts = |read: fn(&ListedRefund) -> Option<&str>| -> Vec<Option<String>> {
        let read = seen.iter().map(read);
        read.map(|text| text.map(str::to_owned)).collect()
    };
    let times = |read: fn(&ListedRefund) -> Option<DateTime<Utc>>| -> Vec<Option<DateTime<Utc>>> {
        seen.iter().map(read).collect()
    };
    let amounts: QueryResult<Vec<BigDecimal>> = seen
        .iter()
        .map(|one| decimal(one.refund.amount_minor))
        .collect();
    Statement::new(SQL)
        .bind::<SqlUuid, _>(run.0)
        .bind::<Array<Nullable<Text>>, _>(texts(|one| Some(&one.refund.id)))
        .bind::<Array<Nullable<Text>>, _>(texts(|one| Some(&one.transaction)))
        .bind::<Array<Nullable<Text>>, _>(texts(|one| one.refund.status.map(RefundStatus::name)))
        .bind::<Array<Numeric>, _>(amounts?)
        .bind::<Array<Nullable<Text>>, _>(texts(|one| Some(&one.refund.currency)))
        .bind::<Array<Nullable<Text>>, _>(texts(|one| one.refund.note.as_deref()))
        .bind::<Array<Nullable<Text>>, _>(texts(|one| one.refund.dispute.as_deref()))
        .bind::<Array<Nullable<Timestamptz>>, _>(times(|one| one.created_at))
        .bind::<Array<Nullable<Timestamptz>>, _>(times(|one| one.refund.updated_at))
        .execute(conn)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct TransactionRow {
    #[diesel(sql_type = Text)]
    gateway_id: String,
    #[diesel(sql_type = Text)]
    reference: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Text)]
    domain: String,
    #[diesel(sql_type = Numeric)]
    amount: BigDecimal,
    #[diesel(sql_type = Nullable<Numeric>)]
    requested_amount: Option<BigDecimal>,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = Nullable<Numeric>)]
    fees: Option<BigDecimal>,
    #[diesel(sql_type = Nullable<Text>)]
    channel: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    paid_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Bool)]
    is_refunded: bool,
}

/// A transaction that was listed.
#[derive(Debug, Clone)]
pub(crate) struct StagedTransaction {
    pub(crate) seen: Observation,
    /// Whether a refund that somebody asked for is beside it.
    pub(crate) is_refunded: bool,
}

impl TransactionRow {
    fn open(self) -> QueryResult<StagedTransaction> {
        Ok(StagedTransaction {
            seen: Observation {
                gateway_id: self.gateway_id,
                status: GatewayStatus::of(&self.status),
                reference: self.reference,
                domain: self.domain,
                paid_minor: minor(&self.amount)?,
                requested_minor: self.requested_amount.as_ref().map(minor).transpose()?,
                currency: self.currency,
                channel: self.channel,
                fees_minor: self.fees.as_ref().map(minor).transpose()?,
                paid_at: self.paid_at,
            },
            is_refunded: self.is_refunded,
        })
    }
}

/// Some transactions that were listed, after one of them, in the order of the provider's numbers as text.
pub(crate) async fn transactions(
    conn: &mut AsyncPgConnection,
    run: RunId,
    after: &str,
    limit: i64,
) -> QueryResult<Vec<StagedTransaction>> {
    const SQL: &str = "SELECT t.*, EXISTS (SELECT FROM reconciliation_refunds r
             WHERE r.run_id = t.run_id AND r.transaction_id = t.gateway_id AND r.dispute_id IS NULL
                 AND r.status IS DISTINCT FROM 'failed') AS is_refunded
         FROM (SELECT * FROM reconciliation_transactions
               WHERE run_id = ? AND gateway_id > ? AND is_listed ORDER BY gateway_id LIMIT ?) t ORDER BY t.gateway_id";
    let rows: Vec<TransactionRow> = Statement::new(SQL)
        .bind::<SqlUuid, _>(run.0)
        .bind::<Text, _>(after.to_owned())
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?;
    rows.into_iter().map(TransactionRow::open).collect()
}

#[derive(QueryableByName)]
struct RefundRow {
    #[diesel(sql_type = Text)]
    gateway_id: String,
    #[diesel(sql_type = Text)]
    transaction_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    status: Option<String>,
    #[diesel(sql_type = Numeric)]
    amount: BigDecimal,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = Nullable<Text>)]
    note: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    dispute_id: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    updated_at: Option<DateTime<Utc>>,
}

/// A refund that was listed.
#[derive(Debug, Clone)]
pub(crate) struct StagedRefund {
    pub(crate) gateway_id: String,
    /// The provider's number of the transaction.
    pub(crate) transaction: String,
    pub(crate) note: Option<String>,
    pub(crate) seen: TheirRefund,
}

impl RefundRow {
    fn open(self) -> QueryResult<StagedRefund> {
        Ok(StagedRefund {
            gateway_id: self.gateway_id,
            transaction: self.transaction_id,
            note: self.note,
            seen: TheirRefund {
                status: self.status.and_then(|name| name.parse().ok()),
                amount_minor: minor(&self.amount)?,
                currency: self.currency,
                is_of_dispute: self.dispute_id.is_some(),
                updated_at: self.updated_at,
            },
        })
    }
}

/// Some refunds that were listed, after one of them, in the order of the provider's numbers as text.
pub(crate) async fn refunds(
    conn: &mut AsyncPgConnection,
    run: RunId,
    after: &str,
    limit: i64,
) -> QueryResult<Vec<StagedRefund>> {
    const SQL: &str = "SELECT * FROM reconciliation_refunds WHERE run_id = ? AND gateway_id > ? ORDER BY gateway_id LIMIT ?";
    let rows: Vec<RefundRow> = Statement::new(SQL)
        .bind::<SqlUuid, _>(run.0)
        .bind::<Text, _>(after.to_owned())
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?;
    rows.into_iter().map(RefundRow::open).collect()
}

/// Removes some of what a run staged; answers how many rows.
pub(crate) async fn clear(
    conn: &mut AsyncPgConnection,
    run: RunId,
    limit: i64,
) -> QueryResult<usize> {
    const SQL: [&str; 2] = [
        "DELETE FROM reconciliation_transactions WHERE run_id = ? AND gateway_id IN (
             SELECT gateway_id FROM reconciliation_transactions WHERE run_id = ? LIMIT ?)",
        "DELETE FROM reconciliation_refunds WHERE run_id = ? AND gateway_id IN (
             SELECT gateway_id FROM reconciliation_refunds WHERE run_id = ? LIMIT ?)",
    ];
    let mut cleared = 0;
    for sql in SQL {
        cleared += Statement::new(sql)
            .bind::<SqlUuid, _>(run.0)
            .bind::<SqlUuid, _>(run.0)
            .bind::<BigInt, _>(limit)
            .execute(conn)
            .await?;
    }
    Ok(cleared)
}
