//! A dispute on the wire.

use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use common::reply::Success;
use messaging::idempotency::StoredResponse;
use money::SignedAmount;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::dispute::DisputeOutcome;
use crate::store::dispute_history::HistoryRow;
use crate::store::disputes::Dispute as StoredDispute;

/// Something that a buyer's bank wants back.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e62", "gatewayId": "4099260518", "reference": "AGP-7K3QXN9D4T-1",
    "paymentId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f", "orderId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e60",
    "amount": 1500.00, "currency": "NGN", "category": "chargeback", "reason": null,
    "status": "awaiting_merchant_feedback", "resolution": null, "outcome": null, "taken": 0.00,
    "dueAt": "2026-01-15T01:00:00.000Z", "dueSource": "provider", "remindedAt": null, "answer": null,
    "openedAt": "2026-01-14T09:00:00.000Z", "resolvedAt": null, "version": 1
}))]
pub(super) struct Dispute {
    id: Uuid,
    /// The provider's number for it.
    gateway_id: String,
    /// The provider's name for the transaction.
    reference: String,
    /// Null while nobody here knows the transaction.
    payment_id: Option<Uuid>,
    order_id: Option<Uuid>,
    /// What is wanted back.
    #[schema(value_type = f64)]
    amount: SignedAmount,
    /// That of what was paid.
    currency: String,
    /// `chargeback`, `fraud`, `general`, or a word that is new to us.
    category: Option<String>,
    /// What the provider notes about it.
    reason: Option<String>,
    /// `awaiting_merchant_feedback`, `awaiting_bank_feedback`, `pending`, `resolved` or `archived`.
    status: &'static str,
    /// How it ended, in the provider's word.
    resolution: Option<String>,
    /// How it ended: `won`, `lost`, `accepted` or `auto_accepted`; null while it has not.
    outcome: Option<&'static str>,
    /// What of the payment is with the buyer because of it.
    #[schema(value_type = f64)]
    taken: SignedAmount,
    /// Until when the shop may answer.
    due_at: DateTime<Utc>,
    /// Who said so: the `provider`, or nobody (`assumed`), and then it is what the provider allows for the currency.
    due_source: String,
    /// When people were reminded of it.
    reminded_at: Option<DateTime<Utc>>,
    /// What the shop answers; null while nobody has decided that.
    answer: Option<DisputeAnswer>,
    /// When it was opened, by the provider's clock.
    opened_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
    /// Counted with each change.
    version: i64,
}

impl From<&StoredDispute> for Dispute {
    fn from(stored: &StoredDispute) -> Self {
        Self {
            id: stored.id.0,
            gateway_id: stored.gateway_id.clone(),
            reference: stored.reference.clone(),
            payment_id: stored.of.map(|(payment, _)| payment.0),
            order_id: stored.of.map(|(_, order)| order.0),
            amount: SignedAmount::from_minor(stored.amount_minor),
            currency: stored.currency.clone(),
            category: stored.category.clone(),
            reason: stored.reason.clone(),
            status: stored.stand.status.name(),
            resolution: stored.resolution.clone(),
            outcome: stored.stand.outcome.map(DisputeOutcome::name),
            taken: SignedAmount::from_minor(stored.gone_minor()),
            due_at: stored.due_at,
            due_source: stored.due_source.clone(),
            reminded_at: stored.reminded_at,
            answer: stored.answer.as_ref().map(|answer| DisputeAnswer {
                kind: answer.kind.name(),
                state: answer.step.name(),
                given_at: answer.given_at,
            }),
            opened_at: stored.opened_at,
            resolved_at: stored.resolved_at,
            version: stored.version,
        }
    }
}

/// What the shop answers to a dispute.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DisputeAnswer {
    /// `evidence`: it owes nothing; `acceptance`: it gives the money back.
    kind: &'static str,
    /// How far that has come at the provider: `begun`, `uploaded`, `explained` or `given`. One that is not given yet is given by
    /// sending the same request again.
    state: &'static str,
    given_at: Option<DateTime<Utc>>,
}

/// A dispute under its name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DisputeData {
    dispute: Dispute,
}

/// The answer to whoever answered a dispute.
pub(super) fn answer(stored: &StoredDispute) -> serde_json::Result<StoredResponse> {
    let dispute = Dispute::from(stored);
    StoredResponse::json(StatusCode::OK, &Success::new(DisputeData { dispute }))
}

/// Something that became of a dispute.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DisputeHistory {
    /// `opened`, `changed`, `reminded`, `answered` or `resolved`.
    event: String,
    /// Its status since then.
    status: String,
    outcome: Option<String>,
    /// `provider`, `system`, or the role of a member of staff.
    actor: String,
    at: DateTime<Utc>,
}

impl From<HistoryRow> for DisputeHistory {
    fn from(row: HistoryRow) -> Self {
        Self {
            event: row.event,
            status: row.status,
            outcome: row.outcome,
            actor: row.actor,
            at: row.at,
        }
    }
}
