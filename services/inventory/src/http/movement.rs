//! A movement on the wire.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::store::ledger::MovementRow;

/// Something that changed what is on hand.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Movement {
    /// Its number in the ledger.
    seq: i64,
    /// `initial`, `adjustment`, `commit` or `return`.
    #[serde(rename = "type")]
    #[schema(example = "adjustment")]
    kind: String,
    /// By how many.
    quantity: i64,
    order_id: Option<Uuid>,
    refund_id: Option<Uuid>,
    reason: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<MovementRow> for Movement {
    fn from(row: MovementRow) -> Self {
        Self {
            seq: row.seq,
            kind: row.kind,
            quantity: row.delta,
            order_id: row.order_id,
            refund_id: row.refund_id,
            reason: row.reason,
            created_at: row.created_at,
        }
    }
}
