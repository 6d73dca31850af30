//! A transaction and everything that belongs to it, for the control.

use std::sync::Arc;

use serde_json::{Value, json};

use super::account::Account;
use super::control::transaction_json;
use super::dispute::Dispute;
use super::refund::Refund;
use super::transaction::Transaction;
use crate::journal::timestamp;
use crate::webhooks::{Attempt, Delivery};

/// A transaction and everything that belongs to it.
#[derive(Debug)]
pub struct Whole {
    transaction: Arc<Transaction>,
    refunds: Vec<Refund>,
    disputes: Vec<Dispute>,
    deliveries: Vec<Arc<Delivery>>,
}

impl Account {
    /// The transaction with this reference, and everything that belongs to it.
    #[must_use]
    pub fn whole(&self, reference: &str) -> Option<Whole> {
        let state = self.lock();
        let row = state
            .transactions
            .row(state.transactions.id_of(reference)?)?;
        let refunds = row.refunds.iter().filter_map(|id| state.refunds.get(*id));
        let disputes = row.disputes.iter().filter_map(|id| state.disputes.get(*id));
        Some(Whole {
            transaction: Arc::clone(&row.transaction),
            refunds: refunds.cloned().collect(),
            disputes: disputes.cloned().collect(),
            deliveries: row.deliveries.clone(),
        })
    }
}

impl Whole {
    /// As `GET /_sandbox/paystack/:reference` shows it.
    #[must_use]
    pub fn to_json(&self, account: &Account) -> Value {
        let domain = account.domain();
        let refunds = self
            .refunds
            .iter()
            .map(|refund| refund.fetched_json(domain));
        let disputes = self.disputes.iter();
        let disputes = disputes.map(|dispute| dispute.to_json(&self.transaction, domain));
        let webhooks = self.deliveries.iter().map(|one| delivery_json(one));
        json!({
            "transaction": transaction_json(account, &self.transaction),
            "refunds": refunds.collect::<Vec<_>>(),
            "disputes": disputes.collect::<Vec<_>>(),
            "webhooks": webhooks.collect::<Vec<_>>(),
        })
    }
}

fn delivery_json(delivery: &Delivery) -> Value {
    let attempts = delivery.attempts();
    let is_taken = |attempt: &Attempt| attempt.answer == Ok(200);
    let shown = attempts.iter().map(|attempt| {
        json!({
            "attempt": attempt.number,
            "at": timestamp(attempt.at),
            "status": attempt.answer.as_ref().ok(),
            "error": attempt.answer.as_ref().err(),
        })
    });
    json!({
        "id": delivery.id,
        "event": delivery.event,
        "isForged": delivery.is_forged,
        "isDelivered": attempts.iter().any(is_taken),
        "attempts": shown.collect::<Vec<_>>(),
    })
}
