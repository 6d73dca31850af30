//! Delivering webhooks.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use common::Clock;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};
use url::Url;

use super::delivery::{Attempt, Delivery};
use crate::faults::WebhookFault;
use crate::journal::{Journal, Vendor, WebhookFact};

/// The headers of one try, for a webhook at a time.
pub type Headers = dyn Fn(&Webhook, DateTime<Utc>) -> Vec<(&'static str, String)> + Send + Sync;

/// How a vendor sends webhooks.
pub struct Manner {
    /// Whose they are.
    pub vendor: Vendor,
    /// The receiver.
    pub url: Url,
    /// The pauses before each try; there are as many tries.
    pub pauses: Vec<Duration>,
    /// Whether an answer of this status ends the tries.
    pub is_taken: fn(u16) -> bool,
    /// What a try says beside the body: who sends it, and the signature.
    pub headers: Box<Headers>,
    /// How long the receiver may take.
    pub timeout: Duration,
    /// Webhooks that wait for their next try at most.
    pub waiting_max: usize,
    /// Tries at the same time at most.
    pub at_once_max: usize,
}

/// A webhook that is to go out.
#[derive(Debug)]
pub struct Due {
    /// How long from now.
    pub after: Duration,
    /// Where its tries are noted.
    pub delivery: Arc<Delivery>,
    /// What it is about.
    pub subject: String,
    /// Its body.
    pub body: Bytes,
    /// What goes wrong.
    pub fault: WebhookFault,
    /// Who waits until it was tried once.
    pub first_try: Option<oneshot::Sender<()>>,
}

/// A webhook on its way.
#[derive(Debug)]
pub struct Webhook {
    /// Its id, event and tries.
    pub delivery: Arc<Delivery>,
    /// The same bytes in all tries.
    pub body: Bytes,
    subject: String,
}

/// The sender.
#[derive(Clone)]
pub struct Webhooks(Option<Arc<Sender>>);

struct Sender {
    manner: Manner,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    journal: Arc<Journal>,
    runtime: Handle,
    room: Arc<Semaphore>,
    at_once: Semaphore,
}

impl Webhooks {
    /// A sender; without a manner, nothing is ever sent. Must be called on the runtime that is to run it.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn new(
        manner: Option<Manner>,
        clock: Arc<dyn Clock>,
        journal: Arc<Journal>,
    ) -> anyhow::Result<Self> {
        let Some(manner) = manner else {
            return Ok(Self(None));
        };
        Ok(Self(Some(Arc::new(Sender {
            http: common::client::http_client()?,
            clock,
            journal,
            runtime: Handle::current(),
            room: Arc::new(Semaphore::new(manner.waiting_max)),
            at_once: Semaphore::new(manner.at_once_max),
            manner,
        }))))
    }

    /// Whether anybody listens.
    #[must_use]
    pub fn has_target(&self) -> bool {
        self.0.is_some()
    }

    /// Sends what is due about one thing.
    pub fn send(&self, mut dues: Vec<Due>) {
        let Some(sender) = &self.0 else { return };
        if dues.iter().any(|due| due.fault.reorder_webhooks) {
            reverse(&mut dues);
        }
        for due in dues {
            sender.start(due);
        }
    }
}

/// The last goes out when the first should have, and so on.
fn reverse(dues: &mut [Due]) {
    let mut times: Vec<Duration> = dues.iter().map(|due| due.after).collect();
    times.reverse();
    for (due, after) in dues.iter_mut().zip(times) {
        due.after = after;
    }
}

impl Sender {
    fn start(self: &Arc<Self>, due: Due) {
        let webhook = Arc::new(Webhook {
            delivery: due.delivery,
            subject: due.subject,
            body: due.body,
        });
        if due.fault.drop_webhooks {
            self.note(&webhook, 0, Err("dropped by a fault".to_owned()));
            return;
        }
        let after = due.after + Duration::from_millis(due.fault.delay_webhooks_ms);
        let mut first_try = due.first_try;
        for _ in 0..=due.fault.duplicate_webhooks {
            let Ok(place) = Arc::clone(&self.room).try_acquire_owned() else {
                self.note(&webhook, 0, Err("too many are waiting".to_owned()));
                return;
            };
            let (sender, webhook) = (Arc::clone(self), Arc::clone(&webhook));
            let told = first_try.take();
            self.runtime.spawn(async move {
                if !after.is_zero() {
                    tokio::time::sleep(after).await;
                }
                sender.deliver(&webhook, told).await;
                drop(place);
            });
        }
    }

    async fn deliver(&self, webhook: &Webhook, mut first_try: Option<oneshot::Sender<()>>) {
        for (number, pause) in (1..).zip(&self.manner.pauses) {
            if !pause.is_zero() {
                tokio::time::sleep(*pause).await;
            }
            let answer = self.attempt(webhook).await;
            let is_taken = matches!(answer, Ok(status) if (self.manner.is_taken)(status));
            self.note(webhook, number, answer);
            if let Some(waiting) = first_try.take() {
                // Who gave up waiting does not need to hear of it.
                let _ = waiting.send(());
            }
            if is_taken {
                return;
            }
        }
    }

    /// Each try has headers of its own; id and body stay.
    async fn attempt(&self, webhook: &Webhook) -> Result<u16, String> {
        // The semaphore is never closed.
        let _turn = self.at_once.acquire().await;
        let mut request = self
            .http
            .post(self.manner.url.clone())
            .timeout(self.manner.timeout)
            .header("content-type", "application/json");
        for (name, value) in (self.manner.headers)(webhook, self.clock.now()) {
            request = request.header(name, value);
        }
        let request = request.body(webhook.body.clone());
        let answer = request.send().await.map_err(|error| error.to_string())?;
        Ok(answer.status().as_u16())
    }

    fn note(&self, webhook: &Webhook, number: usize, answer: Result<u16, String>) {
        webhook.delivery.note(Attempt {
            number,
            at: self.clock.now(),
            answer: answer.clone(),
        });
        let (status, error) = match answer {
            Ok(status) => (Some(status), None),
            Err(error) => (None, Some(error)),
        };
        let fact = WebhookFact {
            webhook_id: &webhook.delivery.id,
            event: &webhook.delivery.event,
            subject: &webhook.subject,
            attempt: number,
            status,
            error,
            is_forged: webhook.delivery.is_forged,
        };
        self.journal.append(self.manner.vendor, fact);
    }
}
