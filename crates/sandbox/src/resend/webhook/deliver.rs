//! Delivering webhooks: now, later, again, twice or wrongly signed, as the receiver and the faults have it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use common::Clock;
use common::ids::new_id;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::signature::{Secret, sign};
use crate::config::WebhookSettings;
use crate::faults::WebhookFault;
use crate::journal::{Journal, Vendor, WebhookFact};

/// The vendor's pauses before each try, in seconds: at once, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h.
const PAUSES_SECS: [u64; 7] = [0, 5, 300, 1_800, 7_200, 18_000, 36_000];
/// Webhooks that wait for their next try at most.
const WAITING_MAX: usize = 10_000;
/// What the vendor's sender calls itself.
const USER_AGENT: &str = "Svix-Webhooks/1.0";

/// A webhook that is to go out.
#[derive(Debug)]
pub struct Due {
    /// How long from now.
    pub after: Duration,
    /// Its type.
    pub event: String,
    /// The mail that it is about.
    pub subject: String,
    /// Its body.
    pub body: Value,
    /// What goes wrong.
    pub fault: WebhookFault,
}

/// The sender.
#[derive(Clone)]
pub struct Webhooks(Option<Arc<Sender>>);

struct Sender {
    target: WebhookSettings,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    journal: Arc<Journal>,
    runtime: Handle,
    room: Arc<Semaphore>,
}

struct Webhook {
    id: String,
    event: String,
    subject: String,
    body: Bytes,
    is_forged: bool,
}

impl Webhooks {
    /// A sender to `target`; without one, nothing is ever sent.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn new(
        target: Option<WebhookSettings>,
        clock: Arc<dyn Clock>,
        journal: Arc<Journal>,
    ) -> anyhow::Result<Self> {
        let Some(target) = target else {
            return Ok(Self(None));
        };
        Ok(Self(Some(Arc::new(Sender {
            target,
            http: common::client::http_client()?,
            clock,
            journal,
            runtime: Handle::current(),
            room: Arc::new(Semaphore::new(WAITING_MAX)),
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
            id: format!("msg_{}", new_id().simple()),
            event: due.event,
            subject: due.subject,
            body: due.body.to_string().into(),
            is_forged: due.fault.forge_signature,
        });
        if due.fault.drop_webhooks {
            self.note(&webhook, 0, Err("dropped by a fault".to_owned()));
            return;
        }
        let after = due.after + Duration::from_millis(due.fault.delay_webhooks_ms);
        for _ in 0..=due.fault.duplicate_webhooks {
            let Ok(place) = Arc::clone(&self.room).try_acquire_owned() else {
                self.note(&webhook, 0, Err("too many are waiting".to_owned()));
                return;
            };
            let (sender, webhook) = (Arc::clone(self), Arc::clone(&webhook));
            self.runtime.spawn(async move {
                tokio::time::sleep(after).await;
                sender.deliver(&webhook).await;
                drop(place);
            });
        }
    }

    async fn deliver(&self, webhook: &Webhook) {
        for (attempt, pause) in (1..).zip(PAUSES_SECS) {
            tokio::time::sleep(Duration::from_secs(pause) / self.target.speedup).await;
            let answer = self.attempt(webhook).await;
            let is_taken = matches!(answer, Ok(200..=299));
            self.note(webhook, attempt, answer);
            if is_taken {
                return;
            }
        }
    }

    /// Each try has a timestamp and a signature of its own; id and body stay.
    async fn attempt(&self, webhook: &Webhook) -> Result<u16, String> {
        let timestamp = self.clock.now().timestamp();
        let forger = Secret::of_a_forger();
        let secret = if webhook.is_forged {
            &forger
        } else {
            &self.target.secret
        };
        let signature = sign(secret, &webhook.id, timestamp, &webhook.body);
        let request = self
            .http
            .post(self.target.url.clone())
            .header("content-type", "application/json")
            .header("user-agent", USER_AGENT)
            .header("svix-id", &webhook.id)
            .header("svix-timestamp", timestamp)
            .header("svix-signature", signature)
            .body(webhook.body.clone());
        let answer = request.send().await.map_err(|error| error.to_string())?;
        Ok(answer.status().as_u16())
    }

    fn note(&self, webhook: &Webhook, attempt: usize, answer: Result<u16, String>) {
        let (status, error) = match answer {
            Ok(status) => (Some(status), None),
            Err(error) => (None, Some(error)),
        };
        let fact = WebhookFact {
            webhook_id: &webhook.id,
            event: &webhook.event,
            subject: &webhook.subject,
            attempt,
            status,
            error,
            is_forged: webhook.is_forged,
        };
        self.journal.append(Vendor::Resend, fact);
    }
}
