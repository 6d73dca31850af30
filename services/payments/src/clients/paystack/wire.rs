//! The provider's objects, read as tolerantly as they are written: numbers may be text, times have two spellings, and whatever is
//! not needed may be anything.

use chrono::{DateTime, Utc};
use money::SignedAmount;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::clients::gateway::{GatewayError, GatewayRefund, ListedRefund, Opened};
use crate::domain::observation::{GatewayStatus, Observation};
use crate::domain::reference::Reference;
use crate::domain::refund::RefundStatus;

/// The most hundredths that fit a column of ours.
const MINOR_MAX: i64 = 99_999_999_999_999;
/// The longest text of the provider's that is kept, in characters.
pub(super) const TEXT_MAX: usize = 100;

/// A value that may be missing, or anything.
pub(super) type Raw = Option<Box<RawValue>>;

/// A page on which something can be paid.
#[derive(Deserialize)]
pub(super) struct OpenedData {
    authorization_url: String,
    access_code: String,
    reference: String,
}

impl OpenedData {
    pub(super) fn open(self, asked: &Reference) -> Result<Opened, GatewayError> {
        let is_page = self.authorization_url.starts_with("https://")
            || self.authorization_url.starts_with("http://");
        if self.reference != asked.as_str() || !is_page || self.access_code.is_empty() {
            return Err(unreadable("it opened something else"));
        }
        Ok(Opened {
            authorization_url: self.authorization_url,
            access_code: self.access_code,
        })
    }
}

/// A transaction.
#[derive(Deserialize)]
pub(super) struct TransactionData {
    id: Raw,
    #[serde(default)]
    domain: Raw,
    status: String,
    reference: String,
    amount: Raw,
    #[serde(default)]
    requested_amount: Raw,
    currency: String,
    #[serde(default)]
    channel: Raw,
    #[serde(default)]
    fees: Raw,
    #[serde(default)]
    paid_at: Raw,
    #[serde(default, rename = "paidAt")]
    paid_at_too: Raw,
}

impl TransactionData {
    pub(super) fn open(self) -> Result<Observation, GatewayError> {
        let status = GatewayStatus::of(&self.status);
        if status == GatewayStatus::Other {
            let word: String = self.status.chars().take(TEXT_MAX).collect();
            tracing::warn!(
                status = word,
                "the payment provider has a new word for how a payment stands"
            );
        }
        let paid_minor = minor(&self.amount).filter(|minor| *minor > 0);
        Ok(Observation {
            gateway_id: digits(&self.id).ok_or_else(|| unreadable("a transaction has no id"))?,
            status,
            reference: self.reference,
            domain: text(&self.domain).unwrap_or_default(),
            paid_minor: paid_minor.ok_or_else(|| unreadable("an amount is none"))?,
            requested_minor: minor(&self.requested_amount),
            currency: currency(&self.currency)?,
            channel: text(&self.channel),
            fees_minor: minor(&self.fees),
            paid_at: time(&self.paid_at).or_else(|| time(&self.paid_at_too)),
        })
    }
}

/// A list of refunds.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Page(pub(super) Vec<RefundData>);

/// What is said about a page by cursor.
#[derive(Deserialize)]
pub(super) struct CursorMeta {
    #[serde(default)]
    next: Raw,
}

impl CursorMeta {
    /// Where the next page begins. The absence of one is written in three ways.
    pub(super) fn next(&self) -> Option<String> {
        let next: String = serde_json::from_str(self.next.as_deref()?.get()).ok()?;
        (!next.is_empty() && next != "null").then_some(next)
    }
}

/// A refund.
#[derive(Deserialize)]
pub(super) struct RefundData {
    id: Raw,
    #[serde(default)]
    transaction: Raw,
    amount: Raw,
    currency: String,
    status: String,
    #[serde(default)]
    merchant_note: Raw,
    #[serde(default)]
    domain: Raw,
    #[serde(default)]
    dispute: Raw,
    #[serde(default)]
    created_at: Raw,
    #[serde(default, rename = "createdAt")]
    created_at_too: Raw,
    #[serde(default)]
    updated_at: Raw,
    #[serde(default, rename = "updatedAt")]
    updated_at_too: Raw,
}

/// A transaction or a dispute where it is written out beside a refund.
#[derive(Deserialize)]
struct Within {
    id: Raw,
}

impl RefundData {
    pub(super) fn open(self) -> Result<GatewayRefund, GatewayError> {
        let status = RefundStatus::of_gateway(&self.status);
        if status.is_none() {
            let word: String = self.status.chars().take(TEXT_MAX).collect();
            tracing::warn!(
                status = word,
                "the payment provider has a new word for how a refund stands"
            );
        }
        Ok(GatewayRefund {
            id: digits(&self.id).ok_or_else(|| unreadable("a refund has no id"))?,
            status,
            amount_minor: minor(&self.amount)
                .filter(|minor| *minor > 0)
                .ok_or_else(|| unreadable("an amount is none"))?,
            currency: currency(&self.currency)?,
            note: text(&self.merchant_note),
            domain: text(&self.domain),
            dispute: number_of(&self.dispute),
            updated_at: time(&self.updated_at).or_else(|| time(&self.updated_at_too)),
        })
    }

    /// The refund, unless it is another transaction's: a filter that the provider does not know it ignores. One that names no
    /// transaction may be anybody's, and is not read.
    pub(super) fn of_transaction(
        self,
        transaction: &str,
    ) -> Result<Option<GatewayRefund>, GatewayError> {
        if self.owner()? == transaction {
            self.open().map(Some)
        } else {
            Ok(None)
        }
    }

    /// The refund, in a list of all.
    pub(super) fn listed(self) -> Result<ListedRefund, GatewayError> {
        Ok(ListedRefund {
            transaction: self.owner()?,
            created_at: time(&self.created_at).or_else(|| time(&self.created_at_too)),
            refund: self.open()?,
        })
    }

    /// The provider's number for the transaction.
    fn owner(&self) -> Result<String, GatewayError> {
        number_of(&self.transaction).ok_or_else(|| unreadable("a refund of no transaction"))
    }
}

/// A number, or that of something that is written out.
fn number_of(raw: &Raw) -> Option<String> {
    digits(raw).or_else(|| {
        let within = raw.as_deref()?.get();
        digits(&serde_json::from_str::<Within>(within).ok()?.id)
    })
}

pub(super) fn unreadable(what: &'static str) -> GatewayError {
    GatewayError::Unknown(format!("unreadable data: {what}"))
}

/// A number or a text, as text; none for anything else.
fn plain(raw: &Raw) -> Option<String> {
    let raw = raw.as_deref()?.get();
    if raw.starts_with('"') {
        return serde_json::from_str(raw).ok();
    }
    raw.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        .then(|| raw.to_owned())
}

/// A whole number of up to 64 bits without a sign, as text.
pub(super) fn digits(raw: &Raw) -> Option<String> {
    let number: u64 = plain(raw)?.parse().ok()?;
    Some(number.to_string())
}

/// So many subunits, which are hundredths for every currency. `100`, `"100"` and `100.0` are the same.
pub(super) fn minor(raw: &Raw) -> Option<i64> {
    let hundredfold: SignedAmount = plain(raw)?.parse().ok()?;
    let hundredfold = hundredfold.minor();
    let subunits = hundredfold / 100;
    let is_whole = hundredfold % 100 == 0 && (0..=MINOR_MAX).contains(&subunits);
    is_whole.then_some(subunits)
}

pub(super) fn currency(code: &str) -> Result<String, GatewayError> {
    let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_code {
        Ok(code.to_owned())
    } else {
        Err(unreadable("a currency is none"))
    }
}

/// A short text; none for anything else, or for nothing.
pub(super) fn text(raw: &Raw) -> Option<String> {
    let text: String = serde_json::from_str(raw.as_deref()?.get()).ok()?;
    let text: String = text
        .chars()
        .filter(|c| !c.is_control())
        .take(TEXT_MAX)
        .collect();
    (!text.is_empty()).then_some(text)
}

pub(super) fn time(raw: &Raw) -> Option<DateTime<Utc>> {
    let text = text(raw)?;
    let time = DateTime::parse_from_rfc3339(&text).ok()?;
    Some(time.with_timezone(&Utc))
}
