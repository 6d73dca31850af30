//! Our payments, with everything that they are judged by.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use common::statement::Statement;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{
    Array, BigInt, Bool, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use money::{Currency, Money};
use uuid::Uuid;

use crate::domain::ids::{OrderId, PaymentId, RunId};
use crate::domain::reconciliation::payment::{Captured, Ours};
use crate::domain::reference::Reference;
use crate::domain::window::Window;
use crate::store::decimal::minor;

/// A payment of ours, and what it is judged by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OurPayment {
    pub(crate) id: PaymentId,
    pub(crate) order: OrderId,
    pub(crate) reference: Reference,
    /// The provider's number, once it is paid.
    pub(crate) gateway_id: Option<String>,
    pub(crate) ours: Ours,
}

#[derive(QueryableByName)]
struct PaymentRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    order_id: Uuid,
    #[diesel(sql_type = Text)]
    reference: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Numeric)]
    amount: BigDecimal,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = Nullable<Text>)]
    gateway_id: Option<String>,
    #[diesel(sql_type = Nullable<Numeric>)]
    paid_amount: Option<BigDecimal>,
    #[diesel(sql_type = Nullable<Text>)]
    paid_currency: Option<String>,
    #[diesel(sql_type = Nullable<Numeric>)]
    fees: Option<BigDecimal>,
    #[diesel(sql_type = Bool)]
    kept: bool,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Bool)]
    is_decided_later: bool,
    #[diesel(sql_type = Bool)]
    has_kept_rival: bool,
    #[diesel(sql_type = Bool)]
    is_charged_back: bool,
    #[diesel(sql_type = Numeric)]
    going_back: BigDecimal,
}

impl PaymentRow {
    fn open(self) -> QueryResult<OurPayment> {
        let currency: Currency = self.currency.parse().map_err(unreadable)?;
        let capture = match (&self.paid_amount, self.paid_currency) {
            (Some(paid), Some(currency)) => Some(Captured {
                paid_minor: minor(paid)?,
                currency,
                fees_minor: self.fees.as_ref().map(minor).transpose()?,
            }),
            _ => None,
        };
        Ok(OurPayment {
            id: PaymentId(self.id),
            order: OrderId(self.order_id),
            reference: Reference::parse(&self.reference).map_err(unreadable)?,
            gateway_id: self.gateway_id,
            ours: Ours {
                status: self.status.parse().map_err(unreadable)?,
                due: Money::from_minor(minor(&self.amount)?, currency),
                capture,
                is_kept: self.kept,
                has_kept_rival: self.has_kept_rival,
                is_decided_later: self.is_decided_later,
                going_back_minor: minor(&self.going_back)?,
                is_charged_back: self.is_charged_back,
                created_at: self.created_at,
            },
        })
    }
}

/// The columns of a payment `p` that it is judged by; one value is bound, the present time.
const JUDGED: &str = "SELECT p.id, p.order_id, p.reference, p.status, p.amount, p.currency, p.gateway_id, p.paid_amount,
         p.paid_currency, p.fees, p.kept, p.created_at,
         p.refund_due_at IS NOT NULL OR coalesce(p.claim_due_at > ?, false) AS is_decided_later,
         EXISTS (SELECT FROM payments k WHERE k.order_id = p.order_id AND k.kept AND k.id <> p.id) AS has_kept_rival,
         EXISTS (SELECT FROM ledger_transactions l WHERE l.payment_id = p.id AND l.kind = 'chargeback') AS is_charged_back,
         (SELECT coalesce(sum(r.amount), 0) FROM refunds r WHERE r.payment_id = p.id AND r.status <> 'failed') AS going_back
     FROM payments p";

async fn judged(
    conn: &mut AsyncPgConnection,
    statement: Statement,
) -> QueryResult<Vec<OurPayment>> {
    let rows: Vec<PaymentRow> = statement.load(conn).await?;
    rows.into_iter().map(PaymentRow::open).collect()
}

/// Payments by their names at the provider; those that there are.
pub(crate) async fn by_references(
    conn: &mut AsyncPgConnection,
    references: Vec<String>,
    now: DateTime<Utc>,
) -> QueryResult<Vec<OurPayment>> {
    let statement = Statement::new(JUDGED)
        .bind::<Timestamptz, _>(now)
        .say(" WHERE p.reference = ANY(?)")
        .bind::<Array<Text>, _>(references);
    judged(conn, statement).await
}

/// Payments by their ids.
pub(crate) async fn by_ids(
    conn: &mut AsyncPgConnection,
    ids: Vec<PaymentId>,
    now: DateTime<Utc>,
) -> QueryResult<Vec<OurPayment>> {
    let ids: Vec<Uuid> = ids.into_iter().map(|id| id.0).collect();
    let statement = Statement::new(JUDGED)
        .bind::<Timestamptz, _>(now)
        .say(" WHERE p.id = ANY(?)")
        .bind::<Array<SqlUuid>, _>(ids);
    judged(conn, statement).await
}

/// Which payments are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Those that began in the window.
    Created,
    /// Those that were paid in the window, and began before.
    Paid,
    /// Those that began before the window, and are still open.
    Open,
}

impl Scope {
    /// What they are ordered by, and which they are; the window's beginning and end are bound.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Created => ("created_at", "created_at >= ? AND created_at < ?"),
            Self::Paid => ("paid_at", "created_at < ? AND paid_at < ?"),
            Self::Open => (
                "created_at",
                "status IN ('initialized', 'pending') AND created_at < ? AND created_at < ?",
            ),
        }
    }
}

/// Up to where a scope was looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) at: DateTime<Utc>,
    pub(crate) id: Uuid,
}

/// Something of ours in a scope.
#[derive(Debug, QueryableByName)]
pub(crate) struct Scoped {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) at: DateTime<Utc>,
    /// Whether the provider's list showed it.
    #[diesel(sql_type = Bool)]
    pub(crate) is_listed: bool,
}

/// Some payments of a scope, in order, after a place.
pub(crate) async fn scoped(
    conn: &mut AsyncPgConnection,
    run: RunId,
    (scope, window): (Scope, Window),
    after: Option<Place>,
    limit: i64,
) -> QueryResult<Vec<Scoped>> {
    let (at, which) = scope.words();
    // Those that were paid in the window are found from its beginning on.
    let first = Place {
        at: if scope == Scope::Paid {
            window.from
        } else {
            DateTime::UNIX_EPOCH
        },
        id: Uuid::nil(),
    };
    let after = after.unwrap_or(first);
    Statement::new("SELECT s.id, s.at, EXISTS (SELECT FROM reconciliation_transactions t WHERE t.run_id = ? ")
        .bind::<SqlUuid, _>(run.0)
        .say(&format!(
            "AND t.reference = s.reference AND t.is_listed) AS is_listed
             FROM (SELECT id, reference, {at} AS at FROM payments WHERE {which} AND ({at}, id) > (?, ?)
                   ORDER BY {at}, id LIMIT ?) s ORDER BY s.at, s.id"
        ))
        .bind::<Timestamptz, _>(window.from)
        .bind::<Timestamptz, _>(window.to)
        .bind::<Timestamptz, _>(after.at)
        .bind::<SqlUuid, _>(after.id)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await
}

pub(super) fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::DeserializationError(Box::new(error))
}
