//! A payment on the wire.

use chrono::{DateTime, Utc};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use money::{Currency, SignedAmount};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::queries::Sight;
use crate::domain::ids::UserId;
use crate::store::payments::Payment as StoredPayment;

/// An attempt to pay an order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f", "orderId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e60",
    "gateway": "paystack", "reference": "AGP-20260113-7K3QXN9D4T-1", "amount": 48500.00, "currency": "NGN",
    "status": "paid", "channel": "card", "fees": 827.50, "kept": true, "paidAt": "2026-01-13T10:31:00.000Z",
    "settledAt": null, "createdAt": "2026-01-13T10:30:00.123456Z"
}))]
pub(super) struct Payment {
    id: Uuid,
    order_id: Uuid,
    /// Always `paystack`.
    gateway: &'static str,
    /// Its name at the provider.
    reference: String,
    /// What is or was due.
    #[schema(value_type = f64)]
    amount: SignedAmount,
    currency: Currency,
    /// `initialized`, `pending`, `paid`, `failed`, `abandoned`, `partially_refunded` or `refunded`.
    status: &'static str,
    /// How it is or was paid, in the provider's word.
    channel: Option<String>,
    /// What the provider took for itself.
    #[schema(value_type = Option<f64>)]
    fees: Option<SignedAmount>,
    /// Whether this is the payment that its order keeps. One that no order keeps is paid back.
    kept: bool,
    /// When it was paid, by the provider's clock.
    paid_at: Option<DateTime<Utc>>,
    /// When the provider paid it out to the shop.
    settled_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<StoredPayment> for Payment {
    fn from(stored: StoredPayment) -> Self {
        let capture = stored.capture;
        let fees = capture.as_ref().and_then(|capture| capture.fees_minor);
        Self {
            id: stored.id.0,
            order_id: stored.order.0,
            gateway: "paystack",
            reference: stored.reference.as_str().to_owned(),
            amount: stored.due.amount(),
            currency: stored.due.currency(),
            status: stored.status.name(),
            channel: stored.channel,
            fees: fees.map(SignedAmount::from_minor),
            kept: stored.is_kept,
            paid_at: capture.map(|capture| capture.paid_at),
            settled_at: stored.settled_at,
            created_at: stored.created_at,
        }
    }
}

/// A payment under its name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentData {
    pub(super) payment: Payment,
}

/// Payments under their name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentsData {
    /// Newest first.
    pub(super) payments: Vec<Payment>,
}

impl PaymentData {
    pub(super) fn of(stored: StoredPayment) -> Self {
        Self {
            payment: stored.into(),
        }
    }
}

/// Whose payments somebody may see: finance and administrators everybody's, everybody else their own.
pub(super) fn sight_of(caller: &CurrentUser) -> Result<Sight, ApiError> {
    if !caller.role.may(Permission::ReadPayments) {
        return Ok(Sight::Own(UserId(caller.id)));
    }
    caller.require(Permission::ReadPayments)?;
    Ok(Sight::All)
}
