//! What people have to look at, on the wire.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::store::attention::ItemRow;

/// Something that a person has to look at, or had to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e62", "kind": "unclaimed",
    "subjectId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f", "paymentId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f",
    "facts": { "orderId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e60", "reference": "AGP-20260113-7K2M-1" },
    "openedAt": "2026-01-14T09:00:00.000Z", "closedAt": null, "outcome": null, "note": null, "closedBy": null
}))]
pub(super) struct AttentionItem {
    id: Uuid,
    /// Why somebody has to look, such as `mismatch`, `unclaimed` or `refund_failed`.
    kind: String,
    /// What it is about: by its kind a payment, a refund, a webhook event, or something else that `facts` names.
    subject_id: Uuid,
    payment_id: Option<Uuid>,
    /// Ids, amounts in hundredths and states, as they were when it was opened.
    #[schema(value_type = Object)]
    facts: Value,
    opened_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    /// What became of it, in a word.
    outcome: Option<String>,
    /// What whoever closed it says.
    note: Option<String>,
    /// Who closed it; `null` if it came to an end by itself.
    closed_by: Option<Uuid>,
}

impl From<&ItemRow> for AttentionItem {
    fn from(row: &ItemRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind.clone(),
            subject_id: row.subject_id,
            payment_id: row.payment_id,
            facts: row.facts.clone(),
            opened_at: row.opened_at,
            closed_at: row.closed_at,
            outcome: row.outcome.clone(),
            note: row.note.clone(),
            closed_by: row.closed_by,
        }
    }
}

/// An item under its name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttentionData {
    item: AttentionItem,
}

impl From<&ItemRow> for AttentionData {
    fn from(row: &ItemRow) -> Self {
        Self { item: row.into() }
    }
}
