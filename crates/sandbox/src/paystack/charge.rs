//! A transaction is made, and customers try to pay it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use money::Currency;
use serde::Deserialize;
use tokio::sync::oneshot;

use super::account::{Account, State};
use super::card::{Card, RefundFate};
use super::codes;
use super::error::Refusal;
use super::facts::TransactionFact;
use super::fees::fees;
use super::outbox::{News, body};
use super::show::Row;
use super::transaction::{Ask, Channel, Status, Transaction, Tries};
use crate::faults::PaystackFault;

/// What the bank says as long as nobody paid.
const NOT_COMPLETED: &str = "The transaction was not completed";
/// What the bank says while it works.
const IN_PROGRESS: &str = "Transaction in progress";

/// How an attempt to pay ends, or goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is paid.
    Success,
    /// It is not.
    Failed,
    /// The customer went away.
    Abandoned,
    /// It takes time.
    Pending,
    /// The customer has to do something.
    Ongoing,
    /// The bank takes its time.
    Processing,
    /// It waits for its turn.
    Queued,
}

/// An attempt to pay.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// How.
    pub channel: Channel,
    /// How it ends.
    pub outcome: Outcome,
    /// With which card.
    pub card: Option<&'static Card>,
    /// What becomes of refunds; what the card says, if absent.
    pub refund_fate: Option<RefundFate>,
    /// The customer's address.
    pub ip_address: Option<Arc<str>>,
}

/// An attempt that was made.
#[derive(Debug)]
pub struct Attempted {
    /// As it is now.
    pub transaction: Arc<Transaction>,
    /// Ends when the shop was told once; absent if there is nothing to tell.
    pub first_try: Option<oneshot::Receiver<()>>,
}

/// Why a transaction cannot be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpayable {
    /// It is not known.
    Unknown,
    /// It is paid.
    Paid,
    /// Not this way.
    Channel,
}

impl Attempt {
    /// An attempt by this channel, with the usual card if it is one of a card.
    #[must_use]
    pub fn by(channel: Channel, outcome: Outcome) -> Self {
        Self {
            channel,
            outcome,
            card: (channel == Channel::Card).then(Card::usual),
            refund_fate: None,
            ip_address: None,
        }
    }

    fn status(&self) -> Status {
        match self.outcome {
            Outcome::Success => Status::Success,
            Outcome::Failed => Status::Failed,
            Outcome::Abandoned => Status::Abandoned,
            Outcome::Pending => Status::Pending,
            Outcome::Ongoing => Status::Ongoing,
            Outcome::Processing => Status::Processing,
            Outcome::Queued => Status::Queued,
        }
    }

    fn response(&self) -> &'static str {
        match self.outcome {
            Outcome::Success => self.channel.approval(),
            Outcome::Failed => self
                .card
                .and_then(|card| card.decline)
                .unwrap_or("Declined"),
            Outcome::Abandoned => NOT_COMPLETED,
            _ => IN_PROGRESS,
        }
    }

    fn apply(&self, transaction: &mut Transaction, fault: &PaystackFault, now: DateTime<Utc>) {
        transaction.status = self.status();
        transaction.gateway_response = self.response();
        transaction.ip_address.clone_from(&self.ip_address);
        if self.outcome != Outcome::Abandoned {
            transaction.try_now(self.channel, self.outcome == Outcome::Failed, now);
        }
        if self.outcome != Outcome::Success {
            return;
        }
        let charged = transaction.ask.amount.saturating_add(fault.amount_delta);
        transaction.amount = charged.max(1);
        if let Some(currency) = fault.currency.as_ref().and_then(|code| code.parse().ok()) {
            transaction.currency = currency;
        }
        transaction.fees = Some(fees(transaction.amount, transaction.currency));
        transaction.paid_at = Some(now);
        transaction.card = self.card;
        let of_card = self.card.map(|card| card.refund).unwrap_or_default();
        transaction.refund_fate = self.refund_fate.unwrap_or(of_card);
    }
}

impl Account {
    /// Makes a transaction.
    ///
    /// # Errors
    /// Its reference was used before.
    pub fn initialize(&self, ask: Ask) -> Result<Arc<Transaction>, Refusal> {
        let mut state = self.lock();
        let reference = ask.reference.clone().unwrap_or_else(codes::random);
        if state.transactions.id_of(&reference).is_some() {
            return Err(Refusal::invalid(
                "duplicate_reference",
                "Duplicate Transaction Reference",
            ));
        }
        let transaction = self.fresh(&state, reference, ask);
        let shown = Arc::new(transaction.clone());
        for gone in state.transactions.insert(transaction) {
            state.books.forget(&gone.transaction);
        }
        self.write(TransactionFact::of(&shown, "initialized"));
        Ok(shown)
    }

    fn fresh(&self, state: &State, reference: String, ask: Ask) -> Transaction {
        let (amount, currency): (i64, Currency) = (ask.amount, ask.currency);
        Transaction {
            id: state.transactions.next_id(),
            reference: reference.into(),
            access_code: codes::random().into(),
            created_at: state.transactions.moment(self.now()),
            status: Status::Abandoned,
            channel: ask.channels.first().copied().unwrap_or(Channel::Card),
            gateway_response: NOT_COMPLETED,
            amount,
            currency,
            fees: None,
            paid_at: None,
            card: None,
            ip_address: None,
            tries: Tries::default(),
            refund_fate: RefundFate::default(),
            refunded: 0,
            refunding: 0,
            is_charged_back: false,
            settlement: None,
            ask: Arc::new(ask),
        }
    }

    /// Lets a customer try to pay. Only success is told to the shop: there is no webhook about anything else.
    ///
    /// # Errors
    /// It cannot be paid, or not this way.
    pub fn attempt(
        &self,
        id: u64,
        attempt: &Attempt,
        fault: &PaystackFault,
    ) -> Result<Attempted, Unpayable> {
        let mut state = self.lock();
        let row = state.transactions.row(id).ok_or(Unpayable::Unknown)?;
        if row.transaction.status.is_paid() {
            return Err(Unpayable::Paid);
        }
        if !row.transaction.takes(attempt.channel) {
            return Err(Unpayable::Channel);
        }
        let now = self.now();
        let changed = state
            .transactions
            .change(id, |transaction| attempt.apply(transaction, fault, now));
        let transaction = changed.ok_or(Unpayable::Unknown)?;
        self.write(TransactionFact::of(&transaction, "completed"));
        let mut first_try = None;
        if transaction.status == Status::Success {
            state.books.earn(&transaction);
            let news = News {
                event: "charge.success",
                reference: &transaction.reference,
                fault,
            };
            first_try = self.tell(&mut state, id, &news, |event, tamper| {
                body(event, &Row::of(&transaction, self.domain(), tamper))
            });
        }
        Ok(Attempted {
            transaction,
            first_try,
        })
    }
}
