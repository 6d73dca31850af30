//! A refund, and the four ways in which the vendor shows it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use money::Currency;
use serde_json::{Value, json};

use super::INTEGRATION;
use super::card::RefundFate;
use super::key::Domain;
use super::show::{Iso, Tamper};
use super::transaction::{Channel, Transaction};

/// Who asks for refunds at the vendor's desk.
pub const MERCHANT: &str = "merchant@example.com";
/// How long the vendor says that it may take.
const EXPECTED_AFTER: TimeDelta = TimeDelta::days(10);

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundStatus {
    /// It waits for the processor.
    Pending,
    /// The processor has it.
    Processing,
    /// The customer has the money.
    Processed,
    /// The customer's bank did not take it; the merchant has the money again.
    Failed,
    /// The vendor does not know where to send it.
    NeedsAttention,
}

/// A refund.
#[derive(Debug, Clone)]
pub struct Refund {
    /// The vendor's number.
    pub id: u64,
    /// The transaction's number.
    pub transaction: u64,
    /// The transaction's reference.
    pub reference: Arc<str>,
    /// Whose money it was.
    pub email: String,
    /// How it had been paid.
    pub channel: Channel,
    /// How much, in subunits.
    pub amount: i64,
    /// Of what.
    pub currency: Currency,
    /// Where it stands.
    pub status: RefundStatus,
    /// What will become of it.
    pub fate: RefundFate,
    /// For the customer.
    pub customer_note: String,
    /// For the merchant.
    pub merchant_note: String,
    /// The dispute that was lost.
    pub dispute: Option<u64>,
    /// The settlement from which it was taken.
    pub settlement: Option<u64>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When the customer got the money.
    pub refunded_at: Option<DateTime<Utc>>,
}

impl RefundStatus {
    /// The vendor's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Processed => "processed",
            Self::Failed => "failed",
            Self::NeedsAttention => "needs-attention",
        }
    }

    /// The webhook that tells of it.
    #[must_use]
    pub fn event(self) -> &'static str {
        match self {
            Self::Pending => "refund.pending",
            Self::Processing => "refund.processing",
            Self::Processed => "refund.processed",
            Self::Failed => "refund.failed",
            Self::NeedsAttention => "refund.needs-attention",
        }
    }

    /// Whether nothing more happens by itself.
    #[must_use]
    pub fn is_at_rest(self) -> bool {
        !matches!(self, Self::Pending | Self::Processing)
    }
}

impl Refund {
    /// What comes next by itself.
    #[must_use]
    pub fn next_status(&self) -> Option<RefundStatus> {
        match (self.status, self.fate) {
            (RefundStatus::Pending, _) => Some(RefundStatus::Processing),
            (RefundStatus::Processing, RefundFate::Processed) => Some(RefundStatus::Processed),
            (RefundStatus::Processing, RefundFate::Failed) => Some(RefundStatus::Failed),
            (RefundStatus::Processing, RefundFate::NeedsAttention) => {
                Some(RefundStatus::NeedsAttention)
            }
            _ => None,
        }
    }

    fn is_deducted(&self) -> bool {
        self.status == RefundStatus::Processed
    }

    fn deducted(&self) -> i64 {
        if self.is_deducted() { self.amount } else { 0 }
    }

    /// Until when the customer should have the money.
    fn expected_at(&self) -> Iso {
        Iso(self.created_at + EXPECTED_AFTER)
    }

    /// As `POST /refund` answers: the transaction is an object.
    #[must_use]
    pub fn created_json(&self, transaction: &Transaction, domain: Domain) -> Value {
        let paid_at = transaction.paid_at.map(Iso);
        json!({
            "transaction": {
                "id": transaction.id,
                "domain": domain,
                "reference": &*transaction.reference,
                "amount": transaction.amount,
                "paid_at": paid_at,
                "channel": transaction.channel,
                "currency": transaction.currency.code(),
                "authorization": {"exp_month": null, "exp_year": null, "account_name": null},
                "customer": {"international_format_phone": null},
                "plan": {},
                "subaccount": {"currency": null},
                "split": {},
                "order_id": null,
                "paidAt": paid_at,
                "pos_transaction_data": null,
                "source": null,
                "fees_breakdown": null,
            },
            "integration": INTEGRATION,
            "deducted_amount": 0,
            "channel": null,
            "merchant_note": self.merchant_note,
            "customer_note": self.customer_note,
            "status": self.status.name(),
            "refunded_by": MERCHANT,
            "expected_at": self.expected_at(),
            "currency": self.currency.code(),
            "domain": domain,
            "amount": self.amount,
            "fully_deducted": false,
            "id": self.id,
            "createdAt": Iso(self.created_at),
            "updatedAt": Iso(self.updated_at),
        })
    }

    /// As `GET /refund` lists it: snake case, and `fully_deducted` is 1 or nothing.
    #[must_use]
    pub fn listed_json(&self, domain: Domain) -> Value {
        let mut row = self.common_json(domain);
        let rest = [
            ("fully_deducted", json!(self.is_deducted().then_some(1))),
            ("created_at", json!(Iso(self.created_at))),
            ("updated_at", json!(Iso(self.updated_at))),
        ];
        extend(&mut row, rest);
        row
    }

    /// As `GET /refund/:id` shows it: camel case, and `fully_deducted` is a truth.
    #[must_use]
    pub fn fetched_json(&self, domain: Domain) -> Value {
        let mut row = self.common_json(domain);
        let rest = [
            ("fully_deducted", json!(self.is_deducted())),
            ("createdAt", json!(Iso(self.created_at))),
            ("updatedAt", json!(Iso(self.updated_at))),
        ];
        extend(&mut row, rest);
        row
    }

    /// As a retry answers.
    #[must_use]
    pub fn retried_json(&self, domain: Domain) -> Value {
        let mut row = self.common_json(domain);
        let rest = [
            ("deducted_amount", json!(self.amount)),
            ("fully_deducted", json!(true)),
            ("bank_reference", Value::Null),
            ("reason", json!("PROCESSING")),
            ("customer", Value::Null),
            ("initiated_by", json!(MERCHANT)),
            ("reversed_at", Value::Null),
            ("session_id", Value::Null),
        ];
        extend(&mut row, rest);
        row
    }

    fn common_json(&self, domain: Domain) -> Value {
        json!({
            "id": self.id,
            "integration": INTEGRATION,
            "domain": domain,
            "transaction": self.transaction,
            "dispute": self.dispute,
            "settlement": self.settlement,
            "amount": self.amount,
            "deducted_amount": self.deducted(),
            "currency": self.currency.code(),
            "channel": self.channel,
            "refunded_by": MERCHANT,
            "refunded_at": self.refunded_at.map(Iso),
            "expected_at": self.expected_at(),
            "customer_note": self.customer_note,
            "merchant_note": self.merchant_note,
            "status": self.status.name(),
        })
    }

    /// The data of a webhook. The documented samples differ: three of the five events write the amount as text, and
    /// only the last has an id (also as text) but no processor.
    #[must_use]
    pub fn told_json(&self, domain: Domain, tamper: &Tamper) -> Value {
        let is_text = matches!(
            self.status,
            RefundStatus::Pending | RefundStatus::Processing | RefundStatus::Processed
        );
        let amount = self.amount.saturating_add(tamper.amount_delta);
        let amount = if is_text {
            json!(amount.to_string())
        } else {
            json!(amount)
        };
        let currency = tamper.currency.as_deref();
        let mut data = json!({
            "status": self.status.name(),
            "transaction_reference": &*self.reference,
            "refund_reference": self.bank_reference(),
            "amount": amount,
            "currency": currency.unwrap_or(self.currency.code()),
            "customer": {"first_name": null, "last_name": null, "email": self.email},
            "integration": INTEGRATION,
            "domain": domain,
        });
        if self.status == RefundStatus::NeedsAttention {
            let rest = [
                ("id", json!(self.id.to_string())),
                ("customer_note", json!(self.customer_note)),
                ("merchant_note", json!(self.merchant_note)),
            ];
            extend(&mut data, rest);
        } else {
            extend(&mut data, [("processor", json!("instant-transfer"))]);
        }
        data
    }

    /// What the bank calls it, once the bank had it.
    fn bank_reference(&self) -> Option<String> {
        match self.status {
            RefundStatus::Pending | RefundStatus::Processing => None,
            RefundStatus::Processed => Some(self.id.to_string()),
            RefundStatus::Failed | RefundStatus::NeedsAttention => {
                Some(format!("TRF_{:x}", self.id))
            }
        }
    }
}

fn extend<const N: usize>(row: &mut Value, rest: [(&str, Value); N]) {
    if let Some(fields) = row.as_object_mut() {
        fields.extend(rest.map(|(name, value)| (name.to_owned(), value)));
    }
}
