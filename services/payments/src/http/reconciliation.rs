//! Reconciliation runs and mismatches on the wire.

use actix_web::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use common::reply::Success;
use messaging::idempotency::StoredResponse;
use money::SignedAmount;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::reconcile::report::Report;
use crate::store::reconciliation::mismatches::Mismatch as StoredMismatch;
use crate::store::reconciliation::report::{ClassCount as StoredCount, Total as StoredTotal};
use crate::store::reconciliation::runs::{Kind, Run as StoredRun};

/// A comparison of the shop's payments with the provider's.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReconciliationRun {
    id: Uuid,
    /// The day, in the shop's zone.
    date: NaiveDate,
    /// `nightly` or `manual`.
    #[schema(example = "nightly")]
    kind: &'static str,
    /// Who asked for it; `null` for the nightly one.
    requested_by: Option<Uuid>,
    /// What is being done; `done` when it is over.
    #[schema(example = "done")]
    phase: &'static str,
    /// From when on the provider is asked.
    window_from: DateTime<Utc>,
    /// Until when, excluded.
    window_to: DateTime<Utc>,
    started_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl From<&StoredRun> for ReconciliationRun {
    fn from(run: &StoredRun) -> Self {
        Self {
            id: run.id.0,
            date: run.business_date,
            kind: run.kind.name(),
            requested_by: match run.kind {
                Kind::Nightly => None,
                Kind::Manual(by) => Some(by.0),
            },
            phase: run.phase.name(),
            window_from: run.window.from,
            window_to: run.window.to,
            started_at: run.started_at,
            finished_at: run.finished_at,
        }
    }
}

/// What the provider took and gave back on the day, in one currency.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReconciliationTotal {
    /// As the provider names it.
    #[schema(example = "NGN")]
    currency: String,
    /// Payments.
    transactions: i64,
    /// What was paid.
    #[schema(value_type = f64)]
    gross: SignedAmount,
    /// What the provider took of it for itself.
    #[schema(value_type = f64)]
    fees: SignedAmount,
    /// What is left.
    #[schema(value_type = f64)]
    net: SignedAmount,
    /// Refunds that were made on the day.
    refunds: i64,
    /// What they give back.
    #[schema(value_type = f64)]
    refunded: SignedAmount,
}

impl From<&StoredTotal> for ReconciliationTotal {
    fn from(total: &StoredTotal) -> Self {
        Self {
            currency: total.currency.clone(),
            transactions: total.transactions,
            gross: SignedAmount::from_minor(total.gross_minor),
            fees: SignedAmount::from_minor(total.fees_minor),
            net: SignedAmount::from_minor(total.net_minor()),
            refunds: total.refunds,
            refunded: SignedAmount::from_minor(total.refunded_minor),
        }
    }
}

/// How many mismatches of one class there are.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClassCount {
    #[schema(example = "missing-gateway")]
    class: String,
    count: i64,
    /// Put right by the run.
    repaired: i64,
    /// For people to look at.
    open: i64,
    /// Resolved by people, or found again by a later run.
    resolved: i64,
}

impl From<&StoredCount> for ClassCount {
    fn from(count: &StoredCount) -> Self {
        Self {
            class: count.class.clone(),
            count: count.count,
            repaired: count.repaired,
            open: count.open,
            resolved: count.resolved,
        }
    }
}

/// Where the two sides do not agree.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Mismatch {
    id: Uuid,
    run_id: Uuid,
    /// `missing-local`, `missing-gateway`, `amount`, `currency`, `status`, `double-kept`, `refund-missing`, `refund-extra`,
    /// `refund-amount`, `fee-anomaly`, `reversed` or `stale-pending`.
    #[schema(example = "missing-gateway")]
    class: String,
    payment_id: Option<Uuid>,
    order_id: Option<Uuid>,
    refund_id: Option<Uuid>,
    /// Our name for the payment at the provider.
    reference: Option<String>,
    /// The provider's number of the transaction or refund.
    gateway_id: Option<String>,
    /// What we know, amounts in hundredths; `null` where that is nothing.
    #[schema(value_type = Option<Object>)]
    ours: Option<Value>,
    /// What the provider says, amounts in hundredths; `null` where that is nothing.
    #[schema(value_type = Option<Object>)]
    theirs: Option<Value>,
    /// How it is put right: `confirm`, `refunds`, `fees`, or `people` decide.
    remedy: String,
    /// `found`, `repaired`, `open`, `resolved` or `superseded`.
    state: String,
    /// Why it could not be put right.
    last_error: Option<String>,
    found_at: DateTime<Utc>,
    repaired_at: Option<DateTime<Utc>>,
    resolved_at: Option<DateTime<Utc>>,
    resolved_by: Option<Uuid>,
    /// `corrected`, `accepted`, `written_off` or `false_alarm`.
    outcome: Option<String>,
    note: Option<String>,
}

impl From<StoredMismatch> for Mismatch {
    fn from(row: StoredMismatch) -> Self {
        Self {
            id: row.id,
            run_id: row.run_id,
            class: row.class,
            payment_id: row.payment_id,
            order_id: row.order_id,
            refund_id: row.refund_id,
            reference: row.reference,
            gateway_id: row.gateway_id,
            ours: row.ours,
            theirs: row.theirs,
            remedy: row.remedy,
            state: row.state,
            last_error: row.last_error,
            found_at: row.found_at,
            repaired_at: row.repaired_at,
            resolved_at: row.resolved_at,
            resolved_by: row.resolved_by,
            outcome: row.outcome,
            note: row.note,
        }
    }
}

/// A run under its name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunData {
    run: ReconciliationRun,
}

/// A mismatch under its name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MismatchData {
    pub(super) mismatch: Mismatch,
}

/// The answer to whoever began a run.
pub(super) fn answer(report: &Report) -> serde_json::Result<StoredResponse> {
    let run = ReconciliationRun::from(&report.run);
    StoredResponse::json(StatusCode::CREATED, &Success::new(RunData { run }))
}
