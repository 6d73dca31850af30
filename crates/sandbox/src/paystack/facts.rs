//! What only this vendor writes into the journal.

use serde::Serialize;

use super::dispute::Dispute;
use super::refund::Refund;
use super::settlement::Settlement;
use super::transaction::Transaction;

/// A transaction was initialized, or what became of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind", rename = "transaction")]
pub struct TransactionFact<'a> {
    /// The vendor's number.
    pub id: u64,
    /// What merchant and vendor call it.
    pub reference: &'a str,
    /// What happened: `initialized`, `completed` (an attempt to pay ended or went on), `refunded`, `disputed`, `cancelled`.
    pub event: &'static str,
    /// Where it stands now.
    pub status: &'static str,
    /// How the customer tried to pay.
    pub channel: &'static str,
    /// What is charged, in subunits.
    pub amount: i64,
    /// Of what.
    pub currency: &'static str,
    /// What was asked for, in subunits.
    pub requested_amount: i64,
    /// What of it was given back, or will be.
    pub refunded: i64,
}

/// A refund was asked for, or went a step further.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind", rename = "refund")]
pub struct RefundFact<'a> {
    /// The vendor's number.
    pub id: u64,
    /// The transaction's.
    pub reference: &'a str,
    /// Where it stands now.
    pub status: &'static str,
    /// How much, in subunits.
    pub amount: i64,
    /// Of what.
    pub currency: &'static str,
    /// The number of the dispute that was lost with it.
    pub dispute: Option<u64>,
}

/// A dispute was opened, reminded of or resolved.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind", rename = "dispute")]
pub struct DisputeFact<'a> {
    /// The vendor's number.
    pub id: u64,
    /// The transaction's.
    pub reference: &'a str,
    /// Where it stands now.
    pub status: &'static str,
    /// How much is wanted back, in subunits.
    pub refund_amount: i64,
}

/// The merchant was paid, or what became of that.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind", rename = "settlement")]
pub struct SettlementFact {
    /// The vendor's number.
    pub id: u64,
    /// Of what.
    pub currency: &'static str,
    /// How many transactions.
    pub transactions: usize,
    /// What the merchant gets, in subunits.
    pub effective_amount: i64,
    /// How far it is.
    pub status: &'static str,
}

impl<'a> TransactionFact<'a> {
    /// What happened to a transaction.
    #[must_use]
    pub fn of(transaction: &'a Transaction, event: &'static str) -> Self {
        Self {
            id: transaction.id,
            reference: &transaction.reference,
            event,
            status: transaction.status.name(),
            channel: transaction.channel.name(),
            amount: transaction.amount,
            currency: transaction.currency.code(),
            requested_amount: transaction.ask.amount,
            refunded: transaction.refunded,
        }
    }
}

impl<'a> RefundFact<'a> {
    /// Where a refund stands.
    #[must_use]
    pub fn of(refund: &'a Refund) -> Self {
        Self {
            id: refund.id,
            reference: &refund.reference,
            status: refund.status.name(),
            amount: refund.amount,
            currency: refund.currency.code(),
            dispute: refund.dispute,
        }
    }
}

impl<'a> DisputeFact<'a> {
    /// Where a dispute stands.
    #[must_use]
    pub fn of(dispute: &Dispute, reference: &'a str) -> Self {
        Self {
            id: dispute.id,
            reference,
            status: dispute.status(),
            refund_amount: dispute.refund_amount,
        }
    }
}

impl SettlementFact {
    /// What was paid.
    #[must_use]
    pub fn of(settlement: &Settlement) -> Self {
        Self {
            id: settlement.id,
            currency: settlement.currency.code(),
            transactions: settlement.transactions.len(),
            effective_amount: settlement.effective(),
            status: settlement.status.name(),
        }
    }
}
