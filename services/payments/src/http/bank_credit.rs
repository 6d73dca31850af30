//! A credit of the bank's on the wire, and how finance enters one.

use chrono::{DateTime, NaiveDate, Utc};
use common::ApiError;
use money::{Money, SignedAmount};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::wants;
use crate::store::bank_credits::BankCredit as StoredCredit;

/// The longest reference, in characters.
const REFERENCE_MAX: usize = 100;

/// What the shop's bank shows as coming from the provider.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e64", "reference": "NIP/PSK/000123", "amount": 2970.00, "currency": "NGN",
    "valueDate": "2026-01-14", "settlementId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e63",
    "matchedAt": "2026-01-14T09:00:00.000Z", "matchedBy": null, "createdAt": "2026-01-14T09:00:00.000Z"
}))]
pub(super) struct BankCredit {
    id: Uuid,
    /// The bank's own name for it.
    reference: String,
    #[schema(value_type = f64)]
    amount: SignedAmount,
    currency: String,
    value_date: NaiveDate,
    /// The settlement that arrived with it; `null` while that is not known.
    settlement_id: Option<Uuid>,
    matched_at: Option<DateTime<Utc>>,
    /// Who said so; `null` if it was beyond doubt.
    matched_by: Option<Uuid>,
    created_at: DateTime<Utc>,
}

impl From<&StoredCredit> for BankCredit {
    fn from(stored: &StoredCredit) -> Self {
        Self {
            id: stored.id.0,
            reference: stored.reference.clone(),
            amount: SignedAmount::from_minor(stored.amount_minor),
            currency: stored.currency.clone(),
            value_date: stored.value_date,
            settlement_id: stored.settlement.map(|settlement| settlement.0),
            matched_at: stored.matched_at,
            matched_by: stored.matched_by,
            created_at: stored.created_at,
        }
    }
}

/// A credit under its name.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BankCreditData {
    bank_credit: BankCredit,
}

impl From<&StoredCredit> for BankCreditData {
    fn from(stored: &StoredCredit) -> Self {
        Self {
            bank_credit: stored.into(),
        }
    }
}

/// The bank's name for a credit: text that says something, and not too much.
pub(super) fn reference(text: &str) -> Result<String, ApiError> {
    let text = wants::plain_text("reference", text)?;
    if text.chars().count() > REFERENCE_MAX {
        let message = format!("must have at most {REFERENCE_MAX} characters");
        return Err(ApiError::invalid("reference", message));
    }
    Ok(text)
}

/// An amount that can arrive.
pub(super) fn something(money: Money) -> Result<Money, ApiError> {
    if money.is_zero() {
        Err(ApiError::invalid("amount", "must be more than nothing"))
    } else {
        Ok(money)
    }
}
