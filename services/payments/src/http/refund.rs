//! A refund on the wire, and how staff asks for one.

use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use common::ApiError;
use common::reply::Success;
use events::payments::RestockedLine;
use garde::Validate;
use messaging::idempotency::StoredResponse;
use money::SignedAmount;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::wants;
use crate::store::refunds::Refund as StoredRefund;

/// Lines that one refund may name: as many as an order has.
const LINES_MAX: usize = 100;

/// Money that goes back.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e61", "paymentId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f",
    "orderId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e60", "amount": 1500.00, "currency": "NGN", "status": "requested",
    "reason": "one yard was torn", "origin": "staff", "createdAt": "2026-01-14T09:00:00.000Z", "processedAt": null
}))]
pub(super) struct Refund {
    id: Uuid,
    payment_id: Uuid,
    order_id: Uuid,
    #[schema(value_type = f64)]
    amount: SignedAmount,
    /// That of what was paid.
    currency: String,
    /// `requested`, `processing`, `processed`, `failed` or `needs_attention`.
    status: &'static str,
    reason: String,
    /// Who decided it: `staff`, `system`, or somebody at the provider (`external`).
    origin: String,
    created_at: DateTime<Utc>,
    /// When it had reached the buyer.
    processed_at: Option<DateTime<Utc>>,
}

impl From<&StoredRefund> for Refund {
    fn from(stored: &StoredRefund) -> Self {
        Self {
            id: stored.id.0,
            payment_id: stored.payment.0,
            order_id: stored.order.0,
            amount: SignedAmount::from_minor(stored.amount_minor),
            currency: stored.currency.clone(),
            status: stored.status.name(),
            reason: stored.reason.clone(),
            origin: stored.origin.clone(),
            created_at: stored.created_at,
            processed_at: stored.processed_at,
        }
    }
}

/// A refund under its name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefundData {
    refund: Refund,
}

/// The answer to whoever asked for a refund.
pub(super) fn answer(stored: &StoredRefund) -> serde_json::Result<StoredResponse> {
    let refund = Refund::from(stored);
    StoredResponse::json(StatusCode::ACCEPTED, &Success::new(RefundData { refund }))
}

/// So many of one line of an order that go back on the shelf.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RestockInput {
    #[garde(skip)]
    line_id: Uuid,
    #[garde(range(min = 1, max = 1_000))]
    #[schema(minimum = 1, maximum = 1_000)]
    quantity: i64,
}

/// The lines, each named once.
pub(super) fn restock(
    lines: Option<Vec<RestockInput>>,
) -> Result<Option<Vec<RestockedLine>>, ApiError> {
    let Some(lines) = lines else { return Ok(None) };
    if lines.len() > LINES_MAX {
        let message = format!("must have at most {LINES_MAX} lines");
        return Err(ApiError::invalid("restock", message));
    }
    let mut seen = std::collections::HashSet::new();
    for (place, line) in lines.iter().enumerate() {
        if !seen.insert(line.line_id) {
            let field = format!("restock.{place}.lineId");
            return Err(ApiError::invalid(field, "is named twice"));
        }
    }
    let lines = lines.into_iter().map(|line| RestockedLine {
        line_id: line.line_id,
        quantity: line.quantity,
    });
    Ok(Some(lines.collect()))
}

/// Why something goes back: text that says something.
pub(super) fn reason(text: &str) -> Result<String, ApiError> {
    wants::plain_text("reason", text)
}
