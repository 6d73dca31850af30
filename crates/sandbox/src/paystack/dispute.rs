//! A dispute: a customer's bank wants the money back.

use chrono::{DateTime, Utc};
use money::Currency;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::INTEGRATION;
use super::card::Card;
use super::key::Domain;
use super::show::{Customer, Iso, Row, Tamper};
use super::transaction::Transaction;

/// What kind it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// The customer wants the money back.
    #[default]
    Chargeback,
    /// The customer did not pay.
    Fraud,
    /// Anything else.
    General,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// The merchant gives the money back.
    MerchantAccepted,
    /// The merchant does not.
    Declined,
    /// The merchant did not answer in time, and gives the money back.
    AutoAccepted,
}

/// What speaks for the merchant.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The vendor's number.
    pub id: u64,
    /// What was sent.
    pub fields: Vec<(&'static str, String)>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Something that happened to a dispute.
#[derive(Debug, Clone)]
pub struct Event {
    /// Where it stood then.
    pub status: &'static str,
    /// Who did it.
    pub by: String,
    /// What was said.
    pub message: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A dispute.
#[derive(Debug, Clone)]
pub struct Dispute {
    /// The vendor's number.
    pub id: u64,
    /// The transaction's number.
    pub transaction: u64,
    /// How much is wanted back, in subunits.
    pub refund_amount: i64,
    /// Of what.
    pub currency: Currency,
    /// What kind it is.
    pub category: Category,
    /// How it ended.
    pub resolution: Option<Resolution>,
    /// What speaks for the merchant, the newest.
    pub evidence: Option<Evidence>,
    /// The file that was uploaded.
    pub attachment: Option<String>,
    /// What happened.
    pub history: Vec<Event>,
    /// When the merchant must have answered.
    pub due_at: DateTime<Utc>,
    /// When it ended.
    pub resolved_at: Option<DateTime<Utc>>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Resolution {
    /// Whether the customer gets the money.
    #[must_use]
    pub fn is_lost(self) -> bool {
        self != Self::Declined
    }
}

impl Dispute {
    /// Where it stands, in the vendor's words.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self.resolution {
            None => "awaiting-merchant-feedback",
            Some(_) => "resolved",
        }
    }

    /// As lists and `GET /dispute/:id` show it.
    #[must_use]
    pub fn to_json(&self, transaction: &Transaction, domain: Domain) -> Value {
        let times = [
            ("createdAt", Iso(self.created_at)),
            ("updatedAt", Iso(self.updated_at)),
        ];
        self.json(transaction, domain, &Tamper::default(), times)
    }

    /// The data of a webhook: the same, but for the spelling of two times beside `dueAt`.
    #[must_use]
    pub fn told_json(&self, transaction: &Transaction, domain: Domain, tamper: &Tamper) -> Value {
        let times = [
            ("created_at", Iso(self.created_at)),
            ("updated_at", Iso(self.updated_at)),
        ];
        self.json(transaction, domain, tamper, times)
    }

    fn json(
        &self,
        transaction: &Transaction,
        domain: Domain,
        tamper: &Tamper,
        times: [(&str, Iso); 2],
    ) -> Value {
        let card = transaction.card;
        let history = self.history.iter().map(
            |event| json!({"status": event.status, "by": event.by, "createdAt": Iso(event.at)}),
        );
        let said = self.history.iter().filter_map(|event| {
            let body = event.message.as_ref()?;
            Some(json!({"sender": event.by, "body": body, "createdAt": Iso(event.at)}))
        });
        let mut shown = json!({
            "id": self.id,
            "integration": INTEGRATION,
            "refund_amount": self.refund_amount,
            "currency": self.currency.code(),
            "status": self.status(),
            "resolution": self.resolution,
            "domain": domain,
            "transaction": Row::of(transaction, domain, tamper),
            "transaction_reference": null,
            "merchant_transaction_reference": null,
            "category": self.category,
            "customer": Customer::of(&transaction.ask.email),
            "bin": card.map(Card::bin),
            "last4": card.map(Card::last4),
            "dueAt": Iso(self.due_at),
            "resolvedAt": self.resolved_at.map(Iso),
            "evidence": self.evidence.as_ref().map(|evidence| self.evidence_json(evidence)),
            "attachments": self.attachment,
            "note": null,
            "history": history.collect::<Vec<_>>(),
            "messages": said.collect::<Vec<_>>(),
        });
        if let Some(fields) = shown.as_object_mut() {
            fields.extend(times.map(|(name, time)| (name.to_owned(), json!(time))));
        }
        shown
    }

    /// What `POST /dispute/:id/evidence` answers.
    #[must_use]
    pub fn evidence_json(&self, evidence: &Evidence) -> Value {
        let mut shown = json!({
            "dispute": self.id,
            "id": evidence.id,
            "createdAt": Iso(evidence.created_at),
            "updatedAt": Iso(evidence.created_at),
        });
        if let Some(fields) = shown.as_object_mut() {
            let given = evidence.fields.iter();
            fields.extend(given.map(|(name, text)| ((*name).to_owned(), json!(text))));
        }
        shown
    }
}
