//! A customer's bank wants money back: it opens a dispute, reminds of it, and it is resolved.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::oneshot;

use super::account::{Account, State};
use super::card::RefundFate;
use super::dispute::{Category, Dispute, Event, Evidence, Resolution};
use super::facts::{DisputeFact, RefundFact, TransactionFact};
use super::outbox::{News, body};
use super::refund::{MERCHANT, Refund, RefundStatus};
use super::transaction::{Status, Transaction};
use crate::faults::PaystackFault;

/// How long the merchant has to answer, in Nigeria.
const ANSWER_WITHIN: TimeDelta = TimeDelta::hours(16);

/// A dispute that was opened or changed.
#[derive(Debug)]
pub struct Disputed {
    /// As it is now.
    pub dispute: Dispute,
    /// Its transaction.
    pub transaction: Arc<Transaction>,
    /// Ends when the shop was told once.
    pub first_try: Option<oneshot::Receiver<()>>,
}

/// Why a dispute cannot be opened or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undisputable {
    /// There is no such dispute or transaction.
    Unknown,
    /// The transaction is not paid, or was given back.
    Status,
    /// More is wanted back than was paid, or nothing.
    Amount,
    /// It ended already.
    Resolved,
}

/// How a dispute ends.
#[derive(Debug)]
pub struct Verdict {
    /// How.
    pub resolution: Resolution,
    /// How much the customer gets; what is wanted, if absent.
    pub refund_amount: Option<i64>,
    /// What the merchant says.
    pub message: String,
    /// The file that was uploaded.
    pub attachment: Option<String>,
    /// Whether a dispute that ended may end otherwise, as banks think twice.
    pub again: bool,
}

impl Account {
    /// Opens a dispute.
    ///
    /// # Errors
    /// The transaction is not known or not paid, or the amount is wrong.
    pub fn open_dispute(
        &self,
        reference: &str,
        category: Category,
        amount: Option<i64>,
        fault: &PaystackFault,
    ) -> Result<Disputed, Undisputable> {
        let mut state = self.lock();
        let id = state.transactions.id_of(reference);
        let row = id.and_then(|id| state.transactions.row(id));
        let transaction = Arc::clone(&row.ok_or(Undisputable::Unknown)?.transaction);
        if !matches!(
            transaction.status,
            Status::Success | Status::ReversalPending
        ) {
            return Err(Undisputable::Status);
        }
        let amount = amount.unwrap_or(transaction.amount);
        if !(1..=transaction.amount).contains(&amount) {
            return Err(Undisputable::Amount);
        }
        let now = self.now();
        let dispute = Dispute {
            id: state.disputes.next_id(),
            transaction: transaction.id,
            refund_amount: amount,
            currency: transaction.currency,
            category,
            resolution: None,
            evidence: None,
            attachment: None,
            history: Vec::new(),
            due_at: now + ANSWER_WITHIN,
            resolved_at: None,
            created_at: now,
            updated_at: now,
        };
        let id = dispute.id;
        state.disputes.push(dispute);
        if let Some(row) = state.transactions.row_mut(transaction.id) {
            row.disputes.push(id);
        }
        let customer = transaction.ask.email.clone();
        self.go_on(&mut state, id, "charge.dispute.create", fault, |dispute| {
            dispute.note(customer, None, now);
        })
    }

    /// Reminds of the newest open dispute of a transaction.
    ///
    /// # Errors
    /// There is none.
    pub fn remind_of_dispute(
        &self,
        reference: &str,
        fault: &PaystackFault,
    ) -> Result<Disputed, Undisputable> {
        let mut state = self.lock();
        let id = state.open_dispute(reference).ok_or(Undisputable::Unknown)?;
        self.go_on(&mut state, id, "charge.dispute.remind", fault, |_| {})
    }

    /// The number of the newest open dispute of a transaction.
    #[must_use]
    pub fn open_dispute_of(&self, reference: &str) -> Option<u64> {
        self.lock().open_dispute(reference)
    }

    /// Ends a dispute. If it is lost, the transaction is reversed and the money is taken from the next settlement.
    ///
    /// # Errors
    /// It is not known or ended already, or the amount is wrong.
    pub fn resolve_dispute(
        &self,
        id: u64,
        verdict: Verdict,
        fault: &PaystackFault,
    ) -> Result<Disputed, Undisputable> {
        let mut state = self.lock();
        let dispute = state.disputes.get(id).ok_or(Undisputable::Unknown)?.clone();
        let row = state.transactions.row(dispute.transaction);
        let transaction = Arc::clone(&row.ok_or(Undisputable::Unknown)?.transaction);
        if dispute.resolution.is_some() && !verdict.again {
            return Err(Undisputable::Resolved);
        }
        let was_lost = dispute.resolution.is_some_and(Resolution::is_lost);
        let amount = verdict.refund_amount.unwrap_or(dispute.refund_amount);
        if !(0..=transaction.amount).contains(&amount) {
            return Err(Undisputable::Amount);
        }
        let now = self.now();
        let is_lost = verdict.resolution.is_lost();
        if is_lost && !was_lost {
            self.lose(&mut state, &dispute, &transaction, amount);
        } else if was_lost && !is_lost {
            self.win_back(&mut state, &dispute);
        }
        self.go_on(&mut state, id, "charge.dispute.resolve", fault, |dispute| {
            dispute.resolution = Some(verdict.resolution);
            dispute.refund_amount = if is_lost {
                amount
            } else {
                dispute.refund_amount
            };
            dispute.attachment = verdict.attachment.or(dispute.attachment.take());
            dispute.resolved_at = Some(now);
            dispute.note(MERCHANT.to_owned(), Some(verdict.message), now);
        })
    }

    /// Takes the money of a lost dispute, as far as it was not given back already.
    fn lose(
        &self,
        state: &mut State,
        dispute: &Dispute,
        transaction: &Arc<Transaction>,
        amount: i64,
    ) {
        let now = self.now();
        let note = format!("Chargeback of transaction {}", transaction.reference);
        let amount = amount.min(transaction.refundable());
        if amount > 0 {
            let refund = Refund {
                id: state.refunds.next_id(),
                transaction: transaction.id,
                reference: Arc::clone(&transaction.reference),
                email: transaction.ask.email.clone(),
                channel: transaction.channel,
                amount,
                currency: transaction.currency,
                status: RefundStatus::Processed,
                fate: RefundFate::Processed,
                customer_note: note.clone(),
                merchant_note: note,
                dispute: Some(dispute.id),
                settlement: None,
                created_at: now,
                updated_at: now,
                refunded_at: Some(now),
            };
            self.charge_back(state, &refund);
        }
        let changed = state.transactions.change(transaction.id, |transaction| {
            transaction.is_charged_back = true;
            transaction.settle_refunds();
        });
        if let Some(transaction) = changed {
            self.write(TransactionFact::of(&transaction, "disputed"));
        }
    }

    /// Gives back the money of a dispute that had been lost, with the next settlement.
    fn win_back(&self, state: &mut State, dispute: &Dispute) {
        let row = state.transactions.row(dispute.transaction);
        let refunds = row.map(|row| row.refunds.clone()).unwrap_or_default();
        let mut amount = 0;
        for id in refunds {
            let taken = state.refunds.get_mut(id);
            let taken = taken.filter(|refund| {
                refund.dispute == Some(dispute.id) && refund.status == RefundStatus::Processed
            });
            let Some(refund) = taken else { continue };
            refund.status = RefundStatus::Failed;
            refund.refunded_at = None;
            amount += refund.amount;
            let refund = refund.clone();
            self.write(RefundFact::of(&refund));
            state.books.owe(id, -refund.amount, refund.currency);
        }
        let changed = state
            .transactions
            .change(dispute.transaction, |transaction| {
                transaction.is_charged_back = false;
                transaction.refunded -= amount;
                transaction.settle_refunds();
            });
        if let Some(transaction) = changed {
            self.write(TransactionFact::of(&transaction, "disputed"));
        }
    }

    /// Changes what a lost dispute will cost, or adds a file.
    ///
    /// # Errors
    /// It is not known or ended already, or the amount is wrong.
    pub fn update_dispute(
        &self,
        id: u64,
        amount: i64,
        attachment: Option<String>,
    ) -> Result<(Dispute, Arc<Transaction>), Undisputable> {
        let now = self.now();
        let mut state = self.lock();
        let state = &mut *state;
        let dispute = state.disputes.get_mut(id).ok_or(Undisputable::Unknown)?;
        let row = state.transactions.row(dispute.transaction);
        let transaction = Arc::clone(&row.ok_or(Undisputable::Unknown)?.transaction);
        if dispute.resolution.is_some() {
            return Err(Undisputable::Resolved);
        }
        if !(0..=transaction.amount).contains(&amount) {
            return Err(Undisputable::Amount);
        }
        dispute.refund_amount = amount;
        dispute.attachment = attachment.or(dispute.attachment.take());
        dispute.updated_at = now;
        Ok((dispute.clone(), transaction))
    }

    /// Adds what speaks for the merchant.
    ///
    /// # Errors
    /// The dispute is not known.
    pub fn add_evidence(
        &self,
        id: u64,
        fields: Vec<(&'static str, String)>,
    ) -> Result<(Dispute, Evidence), Undisputable> {
        let now = self.now();
        let mut state = self.lock();
        let state = &mut *state;
        let dispute = state.disputes.get_mut(id).ok_or(Undisputable::Unknown)?;
        let evidence = Evidence {
            id: state.next_evidence,
            fields,
            created_at: now,
        };
        state.next_evidence += 1;
        dispute.evidence = Some(evidence.clone());
        dispute.updated_at = now;
        Ok((dispute.clone(), evidence))
    }

    /// One dispute and its transaction.
    #[must_use]
    pub fn dispute(&self, id: u64) -> Option<(Dispute, Arc<Transaction>)> {
        let state = self.lock();
        let dispute = state.disputes.get(id)?;
        let row = state.transactions.row(dispute.transaction)?;
        Some((dispute.clone(), Arc::clone(&row.transaction)))
    }

    /// The newest dispute of a transaction.
    #[must_use]
    pub fn newest_dispute(&self, transaction: u64) -> Option<(Dispute, Arc<Transaction>)> {
        let state = self.lock();
        let row = state.transactions.row(transaction)?;
        let dispute = state.disputes.get(*row.disputes.last()?)?;
        Some((dispute.clone(), Arc::clone(&row.transaction)))
    }

    /// Changes a dispute, writes it down and tells the shop.
    fn go_on(
        &self,
        state: &mut State,
        id: u64,
        event: &'static str,
        fault: &PaystackFault,
        how: impl FnOnce(&mut Dispute),
    ) -> Result<Disputed, Undisputable> {
        let now = self.now();
        let dispute = state.disputes.get_mut(id).ok_or(Undisputable::Unknown)?;
        how(dispute);
        dispute.updated_at = now;
        let dispute = dispute.clone();
        let row = state.transactions.row(dispute.transaction);
        let transaction = Arc::clone(&row.ok_or(Undisputable::Unknown)?.transaction);
        self.write(DisputeFact::of(&dispute, &transaction.reference));
        let news = News {
            event,
            reference: &transaction.reference,
            fault,
        };
        let domain = self.domain();
        let first_try = self.tell(state, transaction.id, &news, |event, tamper| {
            body(event, &dispute.told_json(&transaction, domain, tamper))
        });
        Ok(Disputed {
            dispute,
            transaction,
            first_try,
        })
    }
}

impl State {
    fn open_dispute(&self, reference: &str) -> Option<u64> {
        let row = self.transactions.row(self.transactions.id_of(reference)?)?;
        let newest = row.disputes.iter().rev().copied();
        let is_open = |id: &u64| {
            let dispute = self.disputes.get(*id);
            dispute.is_some_and(|dispute| dispute.resolution.is_none())
        };
        newest.into_iter().find(is_open)
    }
}

impl Dispute {
    fn note(&mut self, by: String, message: Option<String>, at: chrono::DateTime<chrono::Utc>) {
        let status = self.status();
        self.history.push(Event {
            status,
            by,
            message,
            at,
        });
    }
}
