//! Our refunds that the provider has, or had.

use bigdecimal::BigDecimal;
use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::ours::{Place, Scoped, unreadable};
use crate::domain::ids::{OrderId, PaymentId, RefundId, RunId};
use crate::domain::reconciliation::refund::OurRefund;
use crate::domain::window::Window;
use crate::store::decimal::minor;

/// A refund of ours that the provider has, or had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OurRefundRow {
    pub(crate) id: RefundId,
    pub(crate) payment: PaymentId,
    pub(crate) order: OrderId,
    /// The provider's number.
    pub(crate) gateway_id: String,
    pub(crate) ours: OurRefund,
}

#[derive(QueryableByName)]
struct RefundRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    payment_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    order_id: Uuid,
    #[diesel(sql_type = Text)]
    gateway_id: String,
    #[diesel(sql_type = Numeric)]
    amount: BigDecimal,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = Text)]
    status: String,
}

impl RefundRow {
    fn open(self) -> QueryResult<OurRefundRow> {
        Ok(OurRefundRow {
            id: RefundId(self.id),
            payment: PaymentId(self.payment_id),
            order: OrderId(self.order_id),
            gateway_id: self.gateway_id,
            ours: OurRefund {
                status: self.status.parse().map_err(unreadable)?,
                amount_minor: minor(&self.amount)?,
                currency: self.currency,
            },
        })
    }
}

/// Refunds by the provider's numbers; those that there are.
pub(crate) async fn by_gateway_ids(
    conn: &mut AsyncPgConnection,
    ids: Vec<String>,
) -> QueryResult<Vec<OurRefundRow>> {
    const SQL: &str =
        "SELECT id, payment_id, order_id, gateway_id, amount, currency, status FROM refunds
         WHERE gateway_id = ANY(?)";
    let rows: Vec<RefundRow> = Statement::new(SQL)
        .bind::<Array<Text>, _>(ids)
        .load(conn)
        .await?;
    rows.into_iter().map(RefundRow::open).collect()
}

/// Which of the named refunds are ours, and still without a number of the provider's.
pub(crate) async fn awaited(
    conn: &mut AsyncPgConnection,
    ids: Vec<Uuid>,
) -> QueryResult<Vec<Uuid>> {
    const SQL: &str =
        "SELECT id FROM refunds WHERE id = ANY(?) AND gateway_id IS NULL AND status = 'requested'";
    let rows: Vec<Named> = Statement::new(SQL)
        .bind::<Array<SqlUuid>, _>(ids)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// A payment that a transaction of the provider's is.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct TransactionOwner {
    #[diesel(sql_type = Text)]
    pub(crate) gateway_id: String,
    #[diesel(sql_type = SqlUuid)]
    pub(crate) id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub(crate) order_id: Uuid,
}

/// Payments that transactions are: by the provider's number, or by our name in a run's list if the number is news.
pub(crate) async fn owners(
    conn: &mut AsyncPgConnection,
    run: RunId,
    transactions: Vec<String>,
) -> QueryResult<Vec<TransactionOwner>> {
    const SQL: &str =
        "SELECT p.gateway_id, p.id, p.order_id FROM payments p WHERE p.gateway_id = ANY(?)
         UNION SELECT t.gateway_id, p.id, p.order_id FROM reconciliation_transactions t
         JOIN payments p ON p.reference = t.reference WHERE t.run_id = ? AND t.gateway_id = ANY(?)";
    Statement::new(SQL)
        .bind::<Array<Text>, _>(transactions.clone())
        .bind::<SqlUuid, _>(run.0)
        .bind::<Array<Text>, _>(transactions)
        .load(conn)
        .await
}

/// Some refunds of ours that the provider has or had and that were decided in a window, in order, after a place.
pub(crate) async fn scoped(
    conn: &mut AsyncPgConnection,
    run: RunId,
    window: Window,
    after: Option<Place>,
    limit: i64,
) -> QueryResult<Vec<Scoped>> {
    const SQL: &str = "SELECT s.id, s.at, s.gateway_id IS NULL OR EXISTS (SELECT FROM reconciliation_refunds t
             WHERE t.run_id = ? AND t.gateway_id = s.gateway_id) AS is_listed
         FROM (SELECT id, gateway_id, created_at AS at FROM refunds
               WHERE created_at < ? AND (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?) s ORDER BY s.at, s.id";
    let first = Place {
        at: window.from,
        id: Uuid::nil(),
    };
    let after = after.unwrap_or(first);
    Statement::new(SQL)
        .bind::<SqlUuid, _>(run.0)
        .bind::<Timestamptz, _>(window.to)
        .bind::<Timestamptz, _>(after.at)
        .bind::<SqlUuid, _>(after.id)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await
}

/// Refunds by their ids that have a number of the provider's.
pub(crate) async fn by_ids(
    conn: &mut AsyncPgConnection,
    ids: Vec<Uuid>,
) -> QueryResult<Vec<OurRefundRow>> {
    const SQL: &str =
        "SELECT id, payment_id, order_id, gateway_id, amount, currency, status FROM refunds
         WHERE id = ANY(?) AND gateway_id IS NOT NULL";
    let rows: Vec<RefundRow> = Statement::new(SQL)
        .bind::<Array<SqlUuid>, _>(ids)
        .load(conn)
        .await?;
    rows.into_iter().map(RefundRow::open).collect()
}
