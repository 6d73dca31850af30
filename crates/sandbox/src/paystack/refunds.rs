//! Money is given back: asked for, and then step by step.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::account::{Account, State};
use super::card::RefundFate;
use super::error::Refusal;
use super::facts::{RefundFact, TransactionFact};
use super::outbox::{News, body};
use super::refund::{MERCHANT, Refund, RefundStatus};
use super::transaction::{Status, Transaction};
use crate::faults::PaystackFault;

/// The least that can be refunded in Ghana. Other minimums are not known.
const MINIMUM_GHS: i64 = 100;

/// A request for a refund.
#[derive(Debug)]
pub struct RefundAsk {
    /// The transaction's reference or number.
    pub transaction: String,
    /// How much, in subunits; the whole original amount, if absent.
    pub amount: Option<i64>,
    /// Of what; of what was paid, if absent.
    pub currency: Option<String>,
    /// For the customer.
    pub customer_note: Option<String>,
    /// For the merchant.
    pub merchant_note: Option<String>,
}

/// A refund that was asked for.
#[derive(Debug)]
pub struct Refunded {
    /// As it is now.
    pub refund: Refund,
    /// Its transaction.
    pub transaction: Arc<Transaction>,
    /// Ends when the shop was told once.
    pub first_try: Option<oneshot::Receiver<()>>,
}

impl Account {
    /// Queues a refund. Asking twice is refunding twice.
    ///
    /// # Errors
    /// The transaction is not known, not paid, or has not so much left.
    pub fn refund(
        self: &Arc<Self>,
        ask: RefundAsk,
        fault: &PaystackFault,
    ) -> Result<Refunded, Refusal> {
        let mut state = self.lock();
        let transaction = state
            .find(&ask.transaction)
            .ok_or(Refusal::not_found("Transaction not found"))?;
        let amount = refundable(&transaction, &ask)?;
        let now = self.now();
        let note = format!("Refund for transaction {}", transaction.reference);
        let refund = Refund {
            id: state.refunds.next_id(),
            transaction: transaction.id,
            reference: Arc::clone(&transaction.reference),
            email: transaction.ask.email.clone(),
            channel: transaction.channel,
            amount,
            currency: transaction.currency,
            status: RefundStatus::Pending,
            fate: transaction.refund_fate,
            merchant_note: ask
                .merchant_note
                .unwrap_or_else(|| format!("{note} by {MERCHANT}")),
            customer_note: ask.customer_note.unwrap_or(note),
            dispute: None,
            settlement: None,
            created_at: now,
            updated_at: now,
            refunded_at: None,
        };
        let transaction = self.begin(&mut state, &refund);
        let first_try = self.tell_refund(&mut state, &refund, fault);
        drop(state);
        self.advance_later(refund.id, fault);
        Ok(Refunded {
            transaction: transaction.ok_or(Refusal::not_found("Transaction not found"))?,
            refund,
            first_try,
        })
    }

    /// Keeps a refund that has just begun; its money is no longer the transaction's.
    fn begin(&self, state: &mut State, refund: &Refund) -> Option<Arc<Transaction>> {
        state.refunds.push(refund.clone());
        if let Some(row) = state.transactions.row_mut(refund.transaction) {
            row.refunds.push(refund.id);
        }
        self.write(RefundFact::of(refund));
        state
            .transactions
            .change(refund.transaction, |transaction| {
                transaction.refunded += refund.amount;
                transaction.refunding += u32::from(!refund.status.is_at_rest());
                transaction.settle_refunds();
            })
    }

    /// The money that a lost dispute takes: at once, and without a webhook of its own.
    pub(super) fn charge_back(&self, state: &mut State, refund: &Refund) {
        self.begin(state, refund);
        state.books.owe(refund.id, refund.amount, refund.currency);
    }

    /// Tries again a refund that the vendor did not know where to send.
    ///
    /// # Errors
    /// It is not known, or not stuck.
    pub fn retry_refund(
        self: &Arc<Self>,
        id: u64,
        fault: &PaystackFault,
    ) -> Result<(Refund, Option<oneshot::Receiver<()>>), Refusal> {
        let mut state = self.lock();
        let refund = state
            .refunds
            .get_mut(id)
            .ok_or(Refusal::not_found("Refund not found"))?;
        if refund.status != RefundStatus::NeedsAttention {
            return Err(Refusal::not_stuck());
        }
        refund.fate = RefundFate::Processed;
        let (refund, first_try) = self
            .step(&mut state, id, RefundStatus::Processing, fault)
            .ok_or(Refusal::not_found("Refund not found"))?;
        drop(state);
        self.advance_later(id, fault);
        Ok((refund, first_try))
    }

    /// One refund.
    #[must_use]
    pub fn refund_by_id(&self, id: u64) -> Option<Refund> {
        self.lock().refunds.get(id).cloned()
    }

    /// Lets a refund go its way, a step after each delay.
    fn advance_later(self: &Arc<Self>, id: u64, fault: &PaystackFault) {
        let (account, fault) = (Arc::clone(self), fault.clone());
        self.runtime.spawn(async move {
            loop {
                tokio::time::sleep(account.settings.refund_step).await;
                let mut state = account.lock();
                let next = state.refunds.get(id).and_then(Refund::next_status);
                let Some(next) = next else { return };
                account.step(&mut state, id, next, &fault);
            }
        });
    }

    /// Puts a refund into its next state, with everything that follows from it.
    fn step(
        &self,
        state: &mut State,
        id: u64,
        status: RefundStatus,
        fault: &PaystackFault,
    ) -> Option<(Refund, Option<oneshot::Receiver<()>>)> {
        let now = self.now();
        let refund = state.refunds.get_mut(id)?;
        refund.status = status;
        refund.updated_at = now;
        refund.refunded_at = (status == RefundStatus::Processed).then_some(now);
        let refund = refund.clone();
        if status == RefundStatus::Processed {
            state.books.owe(id, refund.amount, refund.currency);
        }
        self.write(RefundFact::of(&refund));
        if matches!(status, RefundStatus::Processed | RefundStatus::Failed) {
            let is_failed = status == RefundStatus::Failed;
            let changed = state
                .transactions
                .change(refund.transaction, |transaction| {
                    transaction.refunding = transaction.refunding.saturating_sub(1);
                    transaction.refunded -= if is_failed { refund.amount } else { 0 };
                    transaction.settle_refunds();
                });
            if let Some(transaction) = changed {
                self.write(TransactionFact::of(&transaction, "refunded"));
            }
        }
        let first_try = self.tell_refund(state, &refund, fault);
        Some((refund, first_try))
    }

    fn tell_refund(
        &self,
        state: &mut State,
        refund: &Refund,
        fault: &PaystackFault,
    ) -> Option<oneshot::Receiver<()>> {
        let news = News {
            event: refund.status.event(),
            reference: &refund.reference,
            fault,
        };
        let domain = self.domain();
        self.tell(state, refund.transaction, &news, |event, tamper| {
            body(event, &refund.told_json(domain, tamper))
        })
    }
}

impl State {
    /// The transaction with this reference or number.
    pub fn find(&self, name: &str) -> Option<Arc<Transaction>> {
        let by_reference = self.transactions.id_of(name);
        let id = by_reference.or_else(|| name.parse().ok())?;
        Some(Arc::clone(&self.transactions.row(id)?.transaction))
    }
}

/// How much is refunded, if it can be.
fn refundable(transaction: &Transaction, ask: &RefundAsk) -> Result<i64, Refusal> {
    let currency = transaction.currency;
    if !transaction.status.is_paid() {
        return Err(Refusal::params(
            "Only successful transactions can be refunded",
        ));
    }
    if ask
        .currency
        .as_ref()
        .is_some_and(|code| code != currency.code())
    {
        return Err(Refusal::params(
            "Transaction currency must match refund currency",
        ));
    }
    if transaction.status == Status::Reversed {
        return Err(Refusal::api(
            "transaction_reversed",
            "Transaction has been fully reversed",
        ));
    }
    // What is left is not what is meant by a missing amount: after a part was refunded, it is too much.
    let amount = ask.amount.unwrap_or(transaction.amount);
    if amount > transaction.refundable() {
        return Err(Refusal::params(
            "Total refund amount cannot exceed original transaction amount",
        ));
    }
    if currency == money::Currency::Ghs && amount < MINIMUM_GHS {
        return Err(Refusal::params(
            "The minimum amount you may send in a single refund at this time is: GHS1.00",
        ));
    }
    Ok(amount)
}
