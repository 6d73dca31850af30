//! The account at the vendor: its transactions, refunds, disputes and settlements.
//!
//! Everything stands under one lock, and the journal is written while it is held: a change, the fact about it and the
//! webhook that tells of it appear together or not at all. What the account does is beside this file: [`super::charge`],
//! [`super::refunds`], [`super::disputes`], [`super::settlements`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use common::Clock;
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::Tamper;
use super::dispute::Dispute;
use super::key::Domain;
use super::outbox::{News, Outbox};
use super::refund::Refund;
use super::settlement::{Books, Settlement};
use super::transaction::Transaction;
use super::transactions::Transactions;
use crate::config::PaystackSettings;
use crate::faults::Faults;
use crate::journal::{Journal, RequestFact, Vendor};
use crate::rate_limit::{RateLimit, Standing};
use crate::ring::Ring;

/// The window of the rate limit.
const RATE_WINDOW: TimeDelta = TimeDelta::seconds(60);

/// Settlements that are kept, each with the numbers of its transactions.
const SETTLEMENTS_MAX: usize = 1_000;

/// The account.
pub struct Account {
    /// Key, limits and delays.
    pub settings: PaystackSettings,
    /// Where the sandbox itself is found, without a slash at the end.
    pub public_url: String,
    /// What goes wrong on command.
    pub faults: Arc<Faults>,
    /// Cancelled when the process stops.
    pub shutdown: CancellationToken,
    /// Outlives the request that needs it, unlike the workers' own.
    pub runtime: Handle,
    clock: Arc<dyn Clock>,
    journal: Arc<Journal>,
    outbox: Outbox,
    state: Mutex<State>,
}

/// What the account remembers.
pub(super) struct State {
    pub transactions: Transactions,
    pub refunds: Ring<Refund>,
    pub disputes: Ring<Dispute>,
    pub settlements: Ring<Settlement>,
    pub books: Books,
    pub next_evidence: u64,
    rate: Option<RateLimit>,
}

impl State {
    /// Numbers begin at the time of the start, so that a process that was started again does not use those of the one
    /// before, which the shop still remembers. Microseconds are above 2^32 and below 2^53.
    fn new(settings: &PaystackSettings, now: DateTime<Utc>) -> Self {
        let first = |number: i64| u64::try_from(number).unwrap_or(1);
        let most = settings.transactions_max;
        let ids = first(now.timestamp_micros());
        let seconds = first(now.timestamp());
        let limit = settings.rate_limit;
        Self {
            transactions: Transactions::new(most, settings.transaction_bytes_max, ids),
            refunds: Ring::new(most, first(now.timestamp_millis())),
            disputes: Ring::new(most, seconds),
            settlements: Ring::new(SETTLEMENTS_MAX, seconds),
            books: Books::default(),
            next_evidence: seconds,
            rate: (limit > 0).then(|| RateLimit::new(limit, RATE_WINDOW)),
        }
    }
}

impl Account {
    /// A new account at a sandbox that is found at `public_url`. Must be called on the runtime that is to run what
    /// happens after an answer.
    ///
    /// # Errors
    /// The HTTP client for webhooks cannot be made.
    pub fn open(
        settings: PaystackSettings,
        public_url: String,
        clock: Arc<dyn Clock>,
        journal: Arc<Journal>,
        faults: Arc<Faults>,
        shutdown: CancellationToken,
    ) -> anyhow::Result<Self> {
        let outbox = Outbox::new(
            settings.webhook.clone(),
            settings.secret_key.clone(),
            Arc::clone(&faults),
            Arc::clone(&clock),
            Arc::clone(&journal),
        )?;
        let state = State::new(&settings, clock.now());
        Ok(Self {
            settings,
            public_url,
            faults,
            shutdown,
            runtime: Handle::current(),
            clock,
            journal,
            outbox,
            state: Mutex::new(state),
        })
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The world of the account's key.
    #[must_use]
    pub fn domain(&self) -> Domain {
        self.settings.secret_key.domain()
    }

    /// Counts a request against the rate limit, if there is one.
    pub fn hit(&self) -> Option<Standing> {
        let now = self.now();
        self.lock().rate.as_mut().map(|rate| rate.hit(now))
    }

    /// Writes down what became of a request.
    pub fn note(&self, fact: RequestFact<'_>) {
        self.write(fact);
    }

    pub(super) fn write(&self, fact: impl Serialize) {
        self.journal.append(Vendor::Paystack, fact);
    }

    /// Tells the shop, and remembers it with the transaction. The receiver ends when it was tried once.
    pub(super) fn tell(
        &self,
        state: &mut State,
        id: u64,
        news: &News<'_>,
        write: impl FnOnce(&str, &Tamper) -> Vec<u8>,
    ) -> Option<oneshot::Receiver<()>> {
        let told = self.outbox.tell(news, write)?;
        if let Some(row) = state.transactions.row_mut(id) {
            row.deliver(&told.delivery);
        }
        Some(told.first_try)
    }

    /// The transaction with this reference.
    #[must_use]
    pub fn by_reference(&self, reference: &str) -> Option<Arc<Transaction>> {
        let state = self.lock();
        let row = state
            .transactions
            .row(state.transactions.id_of(reference)?)?;
        Some(Arc::clone(&row.transaction))
    }

    /// The transaction with this access code.
    #[must_use]
    pub fn by_access_code(&self, access_code: &str) -> Option<Arc<Transaction>> {
        let state = self.lock();
        let id = state.transactions.id_behind(access_code)?;
        Some(Arc::clone(&state.transactions.row(id)?.transaction))
    }

    /// The transaction with this number.
    #[must_use]
    pub fn by_id(&self, id: u64) -> Option<Arc<Transaction>> {
        let state = self.lock();
        Some(Arc::clone(&state.transactions.row(id)?.transaction))
    }

    /// Where a customer pays.
    #[must_use]
    pub fn checkout_url(&self, access_code: &str) -> String {
        format!("{}/checkout/{access_code}", self.public_url)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
