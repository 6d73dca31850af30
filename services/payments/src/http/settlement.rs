//! A settlement on the wire.

use chrono::{DateTime, NaiveDate, Utc};
use money::SignedAmount;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::store::settlement_lists::{ListedSettlement, TransactionRow};

/// Money that the provider pays out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e63", "gatewayId": "3090024", "status": "success", "currency": "NGN",
    "settlementDate": "2026-01-14", "settlesAt": "2026-01-14T00:00:00.000Z", "transactions": 2, "gross": 3000.00,
    "fees": 30.00, "deductions": 0.00, "net": 2970.00, "isBooked": true, "expected": 2970.00, "difference": 0.00,
    "explainedDeductions": 0.00, "bankCreditId": null, "credited": null
}))]
pub(super) struct Settlement {
    id: Uuid,
    /// The provider's number for it.
    gateway_id: String,
    /// `pending`, `processing`, `success` (paid out) or `failed`.
    status: &'static str,
    /// As the provider names it.
    currency: String,
    /// The day that it is paid out, by the provider.
    settlement_date: NaiveDate,
    settles_at: DateTime<Utc>,
    /// How many there are in it.
    transactions: i64,
    /// What buyers paid.
    #[schema(value_type = f64)]
    gross: SignedAmount,
    /// What the provider keeps.
    #[schema(value_type = f64)]
    fees: SignedAmount,
    /// What it holds back for refunds and chargebacks.
    #[schema(value_type = f64)]
    deductions: SignedAmount,
    /// What it pays out.
    #[schema(value_type = f64)]
    net: SignedAmount,
    /// Whether it is in the books as it was told last.
    is_booked: bool,
    /// What would have been paid out by the books; `null` until it was paid out.
    #[schema(value_type = Option<f64>)]
    expected: Option<SignedAmount>,
    /// What was paid out on top of that; less than nothing if it was too little.
    #[schema(value_type = Option<f64>)]
    difference: Option<SignedAmount>,
    /// What of the deductions is for money that has gone back by the books.
    #[schema(value_type = f64)]
    explained_deductions: SignedAmount,
    /// The bank's credit that it arrived with.
    bank_credit_id: Option<Uuid>,
    /// What arrived.
    #[schema(value_type = Option<f64>)]
    credited: Option<SignedAmount>,
}

impl From<&ListedSettlement> for Settlement {
    fn from(listed: &ListedSettlement) -> Self {
        let stored = &listed.settlement;
        let told = stored.told;
        let expected = stored.expected_minor;
        Self {
            id: stored.id.0,
            gateway_id: stored.gateway_id.clone(),
            status: stored.status.name(),
            currency: stored.currency.clone(),
            settlement_date: stored.settlement_date,
            settles_at: stored.settles_at,
            transactions: stored.transactions,
            gross: SignedAmount::from_minor(told.processed),
            fees: SignedAmount::from_minor(told.fees),
            deductions: SignedAmount::from_minor(told.deductions),
            net: SignedAmount::from_minor(told.effective),
            is_booked: stored.is_done,
            expected: expected.map(SignedAmount::from_minor),
            difference: expected
                .map(|expected| SignedAmount::from_minor(told.effective.saturating_sub(expected))),
            explained_deductions: SignedAmount::from_minor(stored.explained_minor),
            bank_credit_id: listed.credit.map(|credit| credit.id.0),
            credited: listed
                .credit
                .map(|credit| SignedAmount::from_minor(credit.amount_minor)),
        }
    }
}

/// A settlement under its name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SettlementData {
    settlement: Settlement,
}

impl From<&ListedSettlement> for SettlementData {
    fn from(listed: &ListedSettlement) -> Self {
        Self {
            settlement: listed.into(),
        }
    }
}

/// A transaction that a settlement pays out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SettledTransaction {
    /// The provider's number for it.
    gateway_id: String,
    reference: String,
    currency: String,
    #[schema(value_type = f64)]
    amount: SignedAmount,
    /// `null` if the provider does not say.
    #[schema(value_type = Option<f64>)]
    fees: Option<SignedAmount>,
    /// `null` if it is no payment of this shop.
    payment_id: Option<Uuid>,
    order_id: Option<Uuid>,
}

impl From<TransactionRow> for SettledTransaction {
    fn from(row: TransactionRow) -> Self {
        Self {
            gateway_id: row.gateway_id,
            reference: row.reference,
            currency: row.currency,
            amount: SignedAmount::from_minor(row.amount_minor),
            fees: row.fees_minor.map(SignedAmount::from_minor),
            payment_id: row.payment_id,
            order_id: row.order_id,
        }
    }
}
