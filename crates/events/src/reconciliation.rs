//! What payments says of comparing its books with the vendor's.

use chrono::{DateTime, NaiveDate, Utc};
use money::SignedAmount;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Event;

/// The payments of a business date are compared with what the vendor says of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationCompleted {
    /// The run.
    pub run_id: Uuid,
    /// The day, in the shop's zone.
    pub business_date: NaiveDate,
    /// Who began it: `nightly` or `manual`.
    pub kind: String,
    /// From when on the vendor was asked.
    pub window_from: DateTime<Utc>,
    /// Until when, excluded.
    pub window_to: DateTime<Utc>,
    /// What the vendor took and gave back on the day, by currency.
    pub totals: Vec<CurrencyTotal>,
    /// Where the two did not agree: the classes that were found.
    pub classes: Vec<ClassTotal>,
}

/// What the vendor took and gave back in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CurrencyTotal {
    /// As the vendor names it.
    pub currency: String,
    /// Payments.
    pub transactions: i64,
    /// What was paid.
    pub gross: SignedAmount,
    /// What the vendor took of it for itself.
    pub fees: SignedAmount,
    /// What is left.
    pub net: SignedAmount,
    /// Refunds that were made on the day.
    pub refunds: i64,
    /// What they give back.
    pub refunded: SignedAmount,
}

/// Mismatches of one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClassTotal {
    /// Such as `missing-gateway`.
    pub class: String,
    /// All of them.
    pub count: i64,
    /// Those that were put right.
    pub repaired: i64,
    /// Those that people have to look at.
    pub open: i64,
}

impl Event for ReconciliationCompleted {
    const TYPE: &'static str = "reconciliation.completed";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "reconciliation_run";

    fn aggregate_id(&self) -> Uuid {
        self.run_id
    }
}
