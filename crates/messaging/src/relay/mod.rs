//! The relay: carries what the outbox promises to the broker.
//!
//! Rows are claimed by their state, in id order and skipping those another relay holds, published as
//! one batch, and marked in the transaction that claimed them. A crash anywhere publishes again
//! rather than never: consumers apply an event once. A broker that is away costs nothing but time:
//! rows wait.

mod rows;
mod wake;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use common::context::TraceParent;
use common::database::{Database, DbError};
use common::{failpoint, spans};
use diesel_async::AsyncConnection as _;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::broker::{Broker, BrokerError, Outgoing, Publisher, Sent};
use crate::message;
use crate::metrics::EventMetrics;
use crate::queues;
use rows::PromisedEvent;
pub(crate) use rows::replay_page;
pub use rows::{Backlog, backlog};
pub use wake::wake_on_commit;

/// Events in one batch: one claim, one publication, one mark.
const BATCH: i64 = 500;
/// How often the outbox is looked at when nothing says that it should be: a notification is lost
/// when its connection is.
const POLL: Duration = Duration::from_secs(1);
/// How soon the outbox is looked at again: what is promised within that time goes in one batch. Under load this saves most of the
/// turns; an event that comes alone waits for nothing.
const GATHER: Duration = Duration::from_millis(50);
/// The shortest and the longest pause after a failure.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Carries one service's outbox.
pub struct Relay {
    db: Database,
    broker: Arc<Broker>,
    publisher: Publisher,
    metrics: EventMetrics,
    wake: Arc<tokio::sync::Notify>,
}

/// Why a turn of the relay ended early; the rows are still there.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The broker did not do it.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The database did not do it.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<diesel::result::Error> for RelayError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

impl Relay {
    /// A relay of `service`'s outbox, which `db` reaches. `wake` tells it that there is news.
    #[must_use]
    pub fn new(
        service: &str,
        db: Database,
        broker: Arc<Broker>,
        metrics: EventMetrics,
        wake: Arc<tokio::sync::Notify>,
    ) -> Self {
        let publisher = Publisher::new(Arc::clone(&broker), format!("{service}: relay"));
        Self {
            db,
            broker,
            publisher,
            metrics,
            wake,
        }
    }

    /// Carries until told to stop. A batch that was begun is finished.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut pause = PAUSES.0;
        while !shutdown.is_cancelled() {
            let next_look = Instant::now() + GATHER;
            let wait = match self.empty(&shutdown).await {
                Ok(()) => {
                    pause = PAUSES.0;
                    POLL
                }
                Err(error) => {
                    tracing::warn!(cause = %error, "events wait in the outbox");
                    self.metrics.publish_failed(failure(&error), 1);
                    let now = pause.mul_f64(0.5 + rand::random::<f64>());
                    pause = (pause * 2).min(PAUSES.1);
                    // Only time helps here; news of further rows does not.
                    tokio::select! {
                        () = sleep(now) => continue,
                        () = shutdown.cancelled() => return,
                    }
                }
            };
            tokio::select! {
                () = sleep(wait) => {}
                () = self.wake.notified() => sleep_until(next_look).await,
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// Carries until nothing is due. Behind a full batch the next is claimed while the first is on its way, so that neither
    /// the database nor the broker waits for the other; the channel takes one batch at a time.
    async fn empty(&self, shutdown: &CancellationToken) -> Result<(), RelayError> {
        if self.turn().await? == Turn::Emptied {
            return Ok(());
        }
        let (one, other) = tokio::join!(self.follow_up(shutdown), self.follow_up(shutdown));
        one.and(other)
    }

    async fn follow_up(&self, shutdown: &CancellationToken) -> Result<(), RelayError> {
        while !shutdown.is_cancelled() && self.turn().await? == Turn::Full {}
        Ok(())
    }

    /// One batch.
    ///
    /// # Errors
    /// Those of the broker and the database; nothing is marked then.
    pub async fn turn(&self) -> Result<Turn, RelayError> {
        // Before any row is locked: a broker that is away must not hold rows.
        self.publisher.prepare().await?;
        let mut conn = self.db.get().await?;
        let (claimed, returned) = conn
            .transaction(async |conn| {
                let events = rows::claim(conn, BATCH).await?;
                if events.is_empty() {
                    return Ok((0, BTreeSet::new()));
                }
                failpoint::reach("relay.claimed");
                let sent = self.publish(&events).await?;
                failpoint::reach("relay.confirmed");
                let returned = self.mark(conn, &events, &sent).await?;
                failpoint::reach("relay.marking");
                Ok::<_, RelayError>((events.len(), returned))
            })
            .await?;
        drop(conn);
        for event_type in &returned {
            queues::make_missing(&self.publisher, &self.broker.topology, event_type).await?;
        }
        let is_full = i64::try_from(claimed).is_ok_and(|claimed| claimed == BATCH);
        // What was returned is due again at once, now that its queues are there.
        Ok(if is_full || !returned.is_empty() {
            Turn::Full
        } else {
            Turn::Emptied
        })
    }

    async fn publish(&self, events: &[PromisedEvent]) -> Result<Vec<Sent>, BrokerError> {
        let batch: Vec<Outgoing> = events.iter().map(|event| self.outgoing(event)).collect();
        self.publisher.publish(&batch).await
    }

    fn outgoing(&self, event: &PromisedEvent) -> Outgoing {
        let topology = &self.broker.topology;
        let id = event.id.to_string();
        Outgoing {
            exchange: topology.exchange(),
            routing_key: event.event_type.clone(),
            mandatory: topology.work_consumers(&event.event_type).next().is_some(),
            properties: message::properties(&id, &event.event_type, event.trace().map(published)),
            body: event.payload.0.clone().into_bytes(),
        }
    }

    /// Marks what arrived, puts off what did not; answers the types that no queue took.
    async fn mark(
        &self,
        conn: &mut diesel_async::AsyncPgConnection,
        events: &[PromisedEvent],
        sent: &[Sent],
    ) -> Result<BTreeSet<String>, RelayError> {
        let with = |wanted: Sent| -> Vec<&PromisedEvent> {
            let pairs = events.iter().zip(sent);
            pairs
                .filter(|(_, sent)| **sent == wanted)
                .map(|(event, _)| event)
                .collect()
        };
        let confirmed = with(Sent::Confirmed);
        rows::mark_published(conn, &confirmed).await?;
        for event in &confirmed {
            self.metrics.published(&event.event_type);
        }
        let returned = with(Sent::Returned);
        rows::put_off(conn, &returned, Duration::ZERO, "no queue took it").await?;
        self.metrics.publish_failed("returned", returned.len());
        let refused = with(Sent::Refused);
        rows::put_off(
            conn,
            &refused,
            Duration::from_secs(1),
            "the broker refused it",
        )
        .await?;
        self.metrics.publish_failed("refused", refused.len());
        Ok(returned
            .into_iter()
            .map(|event| event.event_type.clone())
            .collect())
    }
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// There may be more: take the next at once.
    Full,
    /// Everything that was due is published.
    Emptied,
}

/// The place of the publication in the event's trace: a span of its own where spans are recorded.
fn published(cause: TraceParent) -> TraceParent {
    if !spans::are_recorded() || !cause.sampled {
        return cause;
    }
    let span = tracing::info_span!(
        "event.publish",
        otel.kind = "producer",
        messaging.system = "rabbitmq"
    );
    spans::continue_from(&span, cause);
    spans::place_of(&span).unwrap_or(cause)
}

fn failure(error: &RelayError) -> &'static str {
    match error {
        RelayError::Broker(BrokerError::Silent) => "timeout",
        RelayError::Broker(_) => "broker",
        RelayError::Db(_) => "database",
    }
}
