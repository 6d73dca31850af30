//! What the vendor tells the shop: `{"event", "data"}`, signed with the account's key, taken only if answered with 200.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use common::Clock;
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::key::SecretKey;
use super::{Operation, Tamper};
use crate::config::PaystackWebhooks;
use crate::faults::{Faults, PaystackFault, WebhookFault};
use crate::journal::{Journal, Vendor};
use crate::webhooks::{Delivery, Due, Manner, Webhooks};

/// After the first try, so many come after 3 minutes each.
const SOON: (usize, Duration) = (4, Duration::from_mins(3));
/// Then so many after an hour each.
const LATER: (usize, Duration) = (72, Duration::from_hours(1));
/// How long the receiver may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long a webhook is held back at most for the one that is to go out before it.
const HELD_MAX: Duration = Duration::from_secs(2);
/// The pause between two webhooks that were held back.
const GAP: Duration = Duration::from_millis(100);
/// What the vendor's sender calls itself.
const USER_AGENT: &str = "Paystack/2.0";

/// The sender, and the webhooks that are held back.
pub struct Outbox {
    webhooks: Webhooks,
    faults: Arc<Faults>,
    runtime: Handle,
    held: Arc<Mutex<HashMap<String, Vec<Due>>>>,
}

/// Something to tell.
pub struct News<'a> {
    /// The vendor's name of it.
    pub event: &'static str,
    /// The reference of the transaction that it is about.
    pub reference: &'a str,
    /// How the operation that caused it goes wrong.
    pub fault: &'a PaystackFault,
}

/// What became of something to tell.
pub struct Told {
    /// To be remembered with the transaction.
    pub delivery: Arc<Delivery>,
    /// Ends when it was tried once.
    pub first_try: oneshot::Receiver<()>,
}

impl Outbox {
    /// A sender to `target`; without one, nothing is ever sent. Must be called on the runtime that is to run it.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn new(
        target: Option<PaystackWebhooks>,
        key: SecretKey,
        faults: Arc<Faults>,
        clock: Arc<dyn Clock>,
        journal: Arc<Journal>,
    ) -> anyhow::Result<Self> {
        let manner = target.map(|target| manner(target, key));
        Ok(Self {
            webhooks: Webhooks::new(manner, clock, journal)?,
            faults,
            runtime: Handle::current(),
            held: Arc::default(),
        })
    }

    /// Tells it, unless nobody listens. `write` makes the body, from the event's name and from what is to be told instead
    /// of the truth.
    pub fn tell(
        &self,
        news: &News<'_>,
        write: impl FnOnce(&str, &Tamper) -> Vec<u8>,
    ) -> Option<Told> {
        if !self.webhooks.has_target() {
            return None;
        }
        let general = self
            .faults
            .take(|plan| plan.paystack.as_mut()?.0.get_mut(&Operation::Webhook))
            .unwrap_or_default();
        let event = name(news, &general);
        let mut body = write(&event, &general.tamper());
        if news.fault.truncate_body || general.truncate_body {
            body.truncate(body.len() / 2);
        }
        let mut fault = both(&news.fault.delivery(), &general.delivery());
        let is_held = std::mem::take(&mut fault.reorder_webhooks) && !is_last(news.event);
        let delivery = Arc::new(Delivery::new(event, fault.forge_signature));
        let (waiting, first_try) = oneshot::channel();
        let due = Due {
            after: Duration::ZERO,
            delivery: Arc::clone(&delivery),
            subject: news.reference.to_owned(),
            body: Bytes::from(body),
            fault,
            first_try: Some(waiting),
        };
        if is_held {
            self.hold(due);
        } else {
            self.send(due);
        }
        Some(Told {
            delivery,
            first_try,
        })
    }

    /// Sends it, and after it, the last one first, those about the same transaction that were held back for it.
    fn send(&self, due: Due) {
        let held = self.lock().remove(&due.subject).unwrap_or_default();
        let dues = [due].into_iter().chain(held.into_iter().rev());
        self.webhooks.send(one_after_the_other(dues));
    }

    /// Holds it back until the next one about the same transaction goes out, but not forever.
    fn hold(&self, due: Due) {
        let subject = due.subject.clone();
        let mut held = self.lock();
        let waiting = held.entry(subject.clone()).or_default();
        waiting.push(due);
        if waiting.len() > 1 {
            return;
        }
        let (all, webhooks) = (Arc::clone(&self.held), self.webhooks.clone());
        self.runtime.spawn(async move {
            tokio::time::sleep(HELD_MAX).await;
            let held = all
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&subject);
            let dues = held.unwrap_or_default().into_iter().rev();
            webhooks.send(one_after_the_other(dues));
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<Due>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Once at once, then on the vendor's schedule, so many times faster.
fn manner(target: PaystackWebhooks, key: SecretKey) -> Manner {
    let repeated = |(times, pause): (usize, Duration)| std::iter::repeat_n(pause, times);
    let pauses = [Duration::ZERO].into_iter();
    let pauses = pauses.chain(repeated(SOON)).chain(repeated(LATER));
    let forger = SecretKey::of_a_forger();
    Manner {
        vendor: Vendor::Paystack,
        url: target.url,
        pauses: pauses.map(|pause| pause / target.speedup).collect(),
        is_taken: |status| status == 200,
        headers: Box::new(move |webhook, _| {
            let is_forged = webhook.delivery.is_forged;
            let signer = if is_forged { &forger } else { &key };
            vec![
                ("user-agent", USER_AGENT.to_owned()),
                ("x-paystack-signature", signer.sign(&webhook.body)),
            ]
        }),
        timeout: TIMEOUT,
        waiting_max: target.waiting_max,
        at_once_max: target.at_once_max,
    }
}

fn name(news: &News<'_>, general: &PaystackFault) -> Cow<'static, str> {
    let other = news.fault.event.as_ref().or(general.event.as_ref());
    other.map_or(Cow::Borrowed(news.event), |other| Cow::Owned(other.clone()))
}

/// The body of a webhook.
#[must_use]
pub fn body(event: &str, data: &impl Serialize) -> Vec<u8> {
    #[derive(Serialize)]
    struct Envelope<'a, T> {
        event: &'a str,
        data: T,
    }
    // Plain structs with text for keys always become JSON.
    serde_json::to_vec(&Envelope { event, data }).unwrap_or_default()
}

/// What the operation suffers and what every webhook suffers.
fn both(one: &WebhookFault, other: &WebhookFault) -> WebhookFault {
    WebhookFault {
        duplicate_webhooks: one.duplicate_webhooks.max(other.duplicate_webhooks),
        reorder_webhooks: one.reorder_webhooks || other.reorder_webhooks,
        delay_webhooks_ms: one.delay_webhooks_ms.max(other.delay_webhooks_ms),
        drop_webhooks: one.drop_webhooks || other.drop_webhooks,
        forge_signature: one.forge_signature || other.forge_signature,
        times: None,
    }
}

/// Whether nothing follows it, so that it is not held back.
fn is_last(event: &str) -> bool {
    matches!(
        event,
        "refund.processed" | "refund.failed" | "refund.needs-attention" | "charge.dispute.resolve"
    )
}

fn one_after_the_other(dues: impl Iterator<Item = Due>) -> Vec<Due> {
    let mut after = Duration::ZERO;
    let later = |mut due: Due| {
        due.after = after;
        after += GAP;
        due
    };
    dues.map(later).collect()
}
