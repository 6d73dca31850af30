//! The account at the vendor: what it accepted, under which keys, and whom it no longer writes to.
//!
//! Everything stands under one lock, and the journal is written while it is held: a mail, its key and the facts about
//! them appear together or not at all.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use common::Clock;
use common::ids::new_id;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::facts::{MailFact, SuppressionFact};
use super::idempotency::{Claim, Fingerprint, Keys};
use super::mail::{Kept, Mail};
use super::mailbox::Mailbox;
use super::message::Message;
use super::outcome::test_address;
use super::suppression::{Reason, Suppressions};
use super::webhook::{Event, Happening, manner};
use crate::config::ResendSettings;
use crate::faults::Faults;
use crate::journal::{Journal, RequestFact, Vendor};
use crate::rate_limit::{RateLimit, Standing};
use crate::webhooks::{Delivery, Due, Webhooks};

/// The window of the rate limit. The vendor's reset is in whole seconds, so it can be no shorter.
const RATE_WINDOW: TimeDelta = TimeDelta::seconds(1);

/// The account.
pub struct Account {
    /// Keys, limits and domains.
    pub settings: ResendSettings,
    /// What goes wrong on command.
    pub faults: Arc<Faults>,
    /// Cancelled when the process stops.
    pub shutdown: CancellationToken,
    /// Outlives the request that needs it, unlike the workers' own.
    pub runtime: Handle,
    clock: Arc<dyn Clock>,
    journal: Arc<Journal>,
    webhooks: Webhooks,
    state: Mutex<State>,
}

struct State {
    mailbox: Mailbox,
    keys: Keys,
    suppressions: Suppressions,
    rate: RateLimit,
}

impl Account {
    /// A new account. Must be called on the runtime that is to run what happens after an answer.
    ///
    /// # Errors
    /// The HTTP client for webhooks cannot be made.
    pub fn open(
        settings: ResendSettings,
        clock: Arc<dyn Clock>,
        journal: Arc<Journal>,
        faults: Arc<Faults>,
        shutdown: CancellationToken,
    ) -> anyhow::Result<Self> {
        let manner = settings.webhook.clone().map(manner);
        let webhooks = Webhooks::new(manner, Arc::clone(&clock), Arc::clone(&journal))?;
        let state = State {
            mailbox: Mailbox::new(settings.mails_max, settings.mail_bytes_max),
            keys: Keys::default(),
            suppressions: Suppressions::default(),
            rate: RateLimit::new(settings.rate_limit, RATE_WINDOW),
        };
        Ok(Self {
            settings,
            faults,
            shutdown,
            runtime: Handle::current(),
            clock,
            journal,
            webhooks,
            state: Mutex::new(state),
        })
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.clock.now()
    }

    /// Counts a request against the rate limit.
    pub fn hit(&self) -> Standing {
        self.lock().rate.hit(self.now())
    }

    /// Writes down what became of a request that made nothing.
    pub fn note(&self, fact: RequestFact<'_>) {
        self.journal.append(Vendor::Resend, fact);
    }

    /// Takes a key into use, or says how it was used.
    pub fn claim(&self, key: &str, fingerprint: Fingerprint) -> Claim {
        self.lock().keys.claim(key, fingerprint, self.now())
    }

    /// Forgets a key whose request had no effect.
    pub fn release(&self, key: &str) {
        self.lock().keys.release(key);
    }

    /// Accepts mails: they are in the mailbox, their key is settled and the journal knows, all at once.
    pub fn accept(
        self: &Arc<Self>,
        mut fact: RequestFact<'_>,
        messages: Vec<Message>,
        answer: impl FnOnce(&[Uuid]) -> Value,
    ) -> Arc<Value> {
        let mut state = self.lock();
        let now = self.now();
        let mails: Vec<Arc<Mail>> = messages
            .into_iter()
            .map(|message| {
                Arc::new(Mail {
                    id: new_id(),
                    message,
                    idempotency_key: fact.idempotency_key.map(str::to_owned),
                    sent_at: now,
                })
            })
            .collect();
        let ids: Vec<Uuid> = mails.iter().map(|mail| mail.id).collect();
        let answer = Arc::new(answer(&ids));
        let key = fact.idempotency_key;
        fact.ids = ids.iter().map(Uuid::to_string).collect();
        self.journal.append(Vendor::Resend, fact);
        for mail in &mails {
            let fact = MailFact {
                id: mail.id,
                to: &mail.message.to,
                subject: &mail.message.subject,
                idempotency_key: key,
            };
            self.journal.append(Vendor::Resend, fact);
            state.mailbox.insert(mail);
        }
        if let Some(key) = key {
            state.keys.settle(key, Arc::clone(&answer), now);
        }
        for mail in mails {
            let delivery = self.settings.delivery;
            let happenings = Happening::all(&mail, &state.suppressions, delivery);
            self.happen(&mail, happenings);
        }
        answer
    }

    /// Lets things happen to a mail, each at its time.
    pub fn happen(self: &Arc<Self>, mail: &Mail, happenings: Vec<Happening>) {
        self.tell(mail, &happenings);
        let account = Arc::clone(self);
        let id = mail.id;
        self.runtime.spawn(async move {
            let mut passed = Duration::ZERO;
            for happening in happenings {
                tokio::time::sleep(happening.after.saturating_sub(passed)).await;
                passed = happening.after;
                account.happened(id, &happening);
            }
        });
    }

    fn tell(&self, mail: &Mail, happenings: &[Happening]) {
        if !self.webhooks.has_target() {
            return;
        }
        let now = self.now();
        let due = |happening: &Happening| {
            let fault = self
                .faults
                .take(|plan| plan.resend.as_mut()?.webhook.as_mut());
            let fault = fault.unwrap_or_default();
            let body = happening.body(mail, now + happening.after);
            Due {
                after: happening.after,
                delivery: Arc::new(Delivery::new(
                    happening.type_name().into(),
                    fault.forge_signature,
                )),
                subject: mail.id.to_string(),
                body: body.to_string().into(),
                fault,
                first_try: None,
            }
        };
        self.webhooks.send(happenings.iter().map(due).collect());
    }

    fn happened(&self, id: Uuid, happening: &Happening) {
        let mut state = self.lock();
        state.mailbox.note(id, happening.event);
        let Some(reason) = happening.event.suppresses() else {
            return;
        };
        for bare in happening
            .to
            .iter()
            .filter(|bare| test_address(bare).is_none())
        {
            self.put_on_list(&mut state, bare, reason);
        }
    }

    /// Puts an address on the list of those that are not sent to.
    pub fn suppress(&self, bare: &str, reason: Reason) {
        self.put_on_list(&mut self.lock(), bare, reason);
    }

    fn put_on_list(&self, state: &mut State, bare: &str, reason: Reason) {
        let fact = SuppressionFact {
            address: bare,
            reason,
        };
        self.journal.append(Vendor::Resend, fact);
        state.suppressions.add(bare.to_owned(), reason);
    }

    /// Takes an address off that list, and says whether it was there.
    pub fn unsuppress(&self, bare: &str) -> bool {
        self.lock().suppressions.remove(bare)
    }

    /// That list, the newest first.
    #[must_use]
    pub fn suppressions(&self) -> Vec<(String, Reason)> {
        let state = self.lock();
        let all = state.suppressions.all();
        all.map(|(bare, reason)| (bare.clone(), reason)).collect()
    }

    /// One mail.
    #[must_use]
    pub fn mail(&self, id: Uuid) -> Option<Kept> {
        self.lock().mailbox.get(id)
    }

    /// The mails to an address or, without one, all; the newest first.
    #[must_use]
    pub fn mails(&self, to: Option<&str>) -> Vec<Kept> {
        let state = self.lock();
        match to {
            Some(address) => state.mailbox.to(address),
            None => state.mailbox.newest_first().cloned().collect(),
        }
    }

    /// Lets something happen to a mail now, as if the recipient's server or the recipient had done it.
    pub fn ask_for(self: &Arc<Self>, kept: &Kept, event: Event) {
        let happening = Happening {
            after: Duration::ZERO,
            event,
            to: kept.mail.message.recipients().collect(),
        };
        self.happen(&kept.mail, vec![happening]);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
