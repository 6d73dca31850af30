//! What the provider pays out: <https://paystack.com/docs/api/settlement>.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::Paystack;
use super::wire::{Raw, TransactionData, currency, digits, minor, text, time, unreadable};
use crate::clients::gateway::{
    GatewayError, GatewaySettlement, ListedPage, ListedWindow, Patience,
};
use crate::domain::observation::Observation;
use crate::domain::settlement::Told;

/// Rows that are asked for at a time; the most that the provider is known to give. It may give fewer, so that only a page without
/// any is the end.
const ROWS: u32 = 100;

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
    window: ListedWindow,
    page: u32,
) -> Result<ListedPage<GatewaySettlement>, GatewayError> {
    // With its zone, as nobody says which one the provider would assume.
    let written = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
    let mut url = paystack.url(&["settlement"])?;
    url.query_pairs_mut()
        .append_pair("from", &written(window.from))
        .append_pair("to", &written(window.to))
        .append_pair("perPage", &ROWS.to_string())
        .append_pair("page", &page.to_string());
    let request = paystack.get(url);
    let rows = paystack
        .ask("list_settlements", request, Patience::Usual)
        .await?;
    Ok(readable("settlement", rows, SettlementData::open))
}

/// A page of a settlement's transactions.
pub(super) async fn list_settled(
    paystack: &Paystack,
    settlement: &str,
    page: u32,
) -> Result<ListedPage<Observation>, GatewayError> {
    let mut url = paystack.url(&["settlement", settlement, "transactions"])?;
    url.query_pairs_mut()
        .append_pair("perPage", &ROWS.to_string())
        .append_pair("page", &page.to_string());
    let request = paystack.get(url);
    let rows = paystack
        .ask("list_settled", request, Patience::Usual)
        .await?;
    Ok(readable("transaction", rows, TransactionData::open))
}

/// The rows that can be read. One that cannot is left out and told of, so that it spoils no other.
fn readable<W: DeserializeOwned, T>(
    what: &'static str,
    rows: Vec<Box<RawValue>>,
    open: fn(W) -> Result<T, GatewayError>,
) -> ListedPage<T> {
    let is_empty = rows.is_empty();
    let read = |row: Box<RawValue>| {
        let row = serde_json::from_str(row.get());
        let row: W = row.map_err(|_error| unreadable("a field is missing or of another type"))?;
        open(row)
    };
    let read = rows.into_iter().filter_map(|row| {
        let told = read(row).inspect_err(|error| {
            tracing::error!(what, cause = %error, "a row of the payment provider's list cannot be read");
        });
        told.ok()
    });
    ListedPage {
        rows: read.collect(),
        is_empty,
    }
}
