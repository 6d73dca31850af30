//! What the provider pays out: <https://paystack.com/docs/api/settlement>.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire::{Raw, TransactionData, currency, digits, minor, text, time, unreadable};
use super::{Paystack, lists};
use crate::clients::gateway::{GatewayError, GatewaySettlement, ListedPage};
use crate::domain::observation::Observation;
use crate::domain::settlement::Told;
use crate::domain::window::Window;

/// A settlement.
#[derive(Deserialize)]
pub(super) struct SettlementData {
    id: Raw,
    #[serde(default)]
    domain: Raw,
    status: String,
    currency: String,
    #[serde(default)]
    total_processed: Raw,
    #[serde(default)]
    total_fees: Raw,
    #[serde(default)]
    deductions: Raw,
    #[serde(default)]
    effective_amount: Raw,
    #[serde(default)]
    settlement_date: Raw,
    #[serde(default, rename = "createdAt")]
    created_at: Raw,
    #[serde(default, rename = "created_at")]
    created_at_too: Raw,
}

impl SettlementData {
    pub(super) fn open(self) -> Result<GatewaySettlement, GatewayError> {
        let sum = |raw: &Raw, what| minor(raw).ok_or_else(|| unreadable(what));
        let told = Told {
            processed: sum(&self.total_processed, "a settlement has no total")?,
            fees: sum(&self.total_fees, "a settlement has no fees")?,
            deductions: deductions(&self.deductions)?,
            effective: sum(&self.effective_amount, "a settlement has no amount")?,
        };
        let created_at = time(&self.created_at).or_else(|| time(&self.created_at_too));
        let created_at = created_at.ok_or_else(|| unreadable("a settlement has no time"))?;
        Ok(GatewaySettlement {
            id: digits(&self.id).ok_or_else(|| unreadable("a settlement has no id"))?,
            status: self
                .status
                .parse()
                .map_err(|_word| unreadable("a new word for how a settlement stands"))?,
            currency: currency(&self.currency)?,
            told,
            // One that is still to come may have no date yet.
            settles_at: time(&self.settlement_date).unwrap_or(created_at),
            created_at,
            domain: text(&self.domain),
        })
    }
}

/// Where nothing is held back, nothing is said.
fn deductions(raw: &Raw) -> Result<i64, GatewayError> {
    match raw.as_deref().map(RawValue::get) {
        None | Some("null") => Ok(0),
        Some(_) => minor(raw).ok_or_else(|| unreadable("deductions are none")),
    }
}

/// A page of settlements.
pub(super) async fn list(
    paystack: &Paystack,
    window: Window,
    page: u32,
) -> Result<ListedPage<GatewaySettlement>, GatewayError> {
    let mut url = paystack.url(&["settlement"])?;
    lists::narrow(&mut url, window);
    let asked = ("list_settlements", "settlement");
    lists::page(paystack, asked, url, page, SettlementData::open).await
}

/// A page of a settlement's transactions.
pub(super) async fn list_settled(
    paystack: &Paystack,
    settlement: &str,
    page: u32,
) -> Result<ListedPage<Observation>, GatewayError> {
    let url = paystack.url(&["settlement", settlement, "transactions"])?;
    let asked = ("list_settled", "transaction");
    lists::page(paystack, asked, url, page, TransactionData::open).await
}
