//! Following one queue.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use lapin::message::Delivery;
use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, Consumer};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::delivery::{Acknowledged, is_marker};
use super::{IDLE, Work};
use crate::broker::{BrokerError, queue_exists, within_deadline};
use crate::consumers::{Handler, WorkConsumer};
use crate::queues::make_queue;

/// Deliveries on the way to a consumer of single events, for each that it applies at once.
const PREFETCH: usize = 8;
/// Events in one batch, and the deliveries that may be on their way meanwhile.
const BATCH: usize = 64;
const BATCH_PREFETCH: u16 = 128;
/// A queue that was lost is looked for again after this.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Why a queue is not consumed any more.
enum Ended {
    /// Nothing has come for a while.
    Idle,
    /// The channel or the connection is gone, or was given up.
    Broken,
}

impl Work {
    /// Makes the consumer's queues, or finds them there.
    pub(super) async fn declare(
        &self,
        connection: &Connection,
        channel: &Channel,
        consumer: &WorkConsumer,
    ) -> Result<(), BrokerError> {
        let topology = &self.broker.topology;
        if !queue_exists(connection, &topology.queue(&consumer.name)).await? {
            make_queue(&self.publisher, topology, &consumer.subscription).await?;
        }
        topology.declare_queues(channel, &consumer.name).await?;
        topology.bind_queue(channel, &consumer.subscription).await?;
        self.metrics.watch(&consumer.name);
        Ok(())
    }

    /// Consumes a queue for as long as the connection lives, through deletions of the queue and
    /// failures of its channel.
    pub(super) async fn follow(
        self: Arc<Self>,
        connection: Arc<Connection>,
        consumer: WorkConsumer,
        stop: CancellationToken,
    ) -> Result<(), BrokerError> {
        loop {
            let consumed = self.consume(&connection, &consumer, &stop).await;
            if stop.is_cancelled() {
                return Ok(());
            }
            if !connection.status().connected() {
                return Err(consumed.err().unwrap_or(BrokerError::Silent));
            }
            if let Ok(Ended::Idle) = consumed {
                continue;
            }
            self.broker.suspect_if_silent(&consumed);
            let cause = consumed.err().map_or_else(
                || "cancelled by the broker".to_owned(),
                |error| error.to_string(),
            );
            tracing::warn!(
                queue = &*consumer.name,
                cause,
                "a queue is not consumed; trying again"
            );
            tokio::select! {
                () = sleep(AGAIN_AFTER) => {}
                () = stop.cancelled() => return Ok(()),
            }
        }
    }

    async fn consume(
        self: &Arc<Self>,
        connection: &Connection,
        consumer: &WorkConsumer,
        stop: &CancellationToken,
    ) -> Result<Ended, BrokerError> {
        let channel = within_deadline(connection.create_channel()).await?;
        self.declare(connection, &channel, consumer).await?;
        let prefetch = match consumer.handler {
            Handler::Single(_) => u16::try_from(PREFETCH * consumer.at_once).unwrap_or(u16::MAX),
            Handler::Batch { .. } => BATCH_PREFETCH,
        };
        within_deadline(channel.basic_qos(prefetch, BasicQosOptions::default())).await?;
        let queue = self.broker.topology.queue(&consumer.name);
        let options = BasicConsumeOptions::default();
        let deliveries = channel.basic_consume(
            queue.as_str().into(),
            "".into(),
            options,
            FieldTable::default(),
        );
        let deliveries = within_deadline(deliveries).await?;
        // One that holds a delivery for too long gives the whole channel up.
        let give_up = stop.child_token();
        let ended = match consumer.handler {
            Handler::Single(_) => self.consume_singly(deliveries, consumer, &give_up).await,
            Handler::Batch { gather, .. } => {
                self.consume_in_batches(deliveries, consumer, gather, &give_up)
                    .await
            }
        };
        // What was not acknowledged goes back to the queue with the channel.
        let _ = within_deadline(channel.close(200, "done".into())).await;
        Ok(ended)
    }

    async fn consume_singly(
        self: &Arc<Self>,
        deliveries: Consumer,
        consumer: &WorkConsumer,
        give_up: &CancellationToken,
    ) -> Ended {
        let mut deliveries = Box::pin(deliveries.take_until(give_up.cancelled()));
        let mut at_work = FuturesUnordered::new();
        let ended = loop {
            let is_idle = at_work.is_empty();
            tokio::select! {
                Some(()) = at_work.next(), if !is_idle => {}
                next = timeout(IDLE, deliveries.next()), if at_work.len() < consumer.at_once => match next {
                    Ok(Some(delivery)) => at_work.extend(
                        readable(delivery, give_up).map(|delivery| self.take(consumer, delivery, give_up)),
                    ),
                    Ok(None) => break Ended::Broken,
                    Err(_elapsed) if is_idle => break Ended::Idle,
                    Err(_elapsed) => {}
                },
            }
        };
        while at_work.next().await.is_some() {}
        ended
    }

    async fn consume_in_batches(
        self: &Arc<Self>,
        deliveries: Consumer,
        consumer: &WorkConsumer,
        gather: Duration,
        give_up: &CancellationToken,
    ) -> Ended {
        let mut batches = Box::pin(
            deliveries
                .take_until(give_up.cancelled())
                .ready_chunks(BATCH),
        );
        // A marker waits for producers that may be away; the events behind it do not.
        let mut markers = FuturesUnordered::new();
        let ended = loop {
            let is_idle = markers.is_empty();
            let batch = tokio::select! {
                Some(()) = markers.next(), if !is_idle => continue,
                batch = timeout(IDLE, batches.next()) => match batch {
                    Ok(Some(batch)) => batch,
                    Ok(None) => break Ended::Broken,
                    Err(_elapsed) if is_idle => break Ended::Idle,
                    Err(_elapsed) => continue,
                },
            };
            let next_look = Instant::now() + gather;
            let is_full = batch.len() == BATCH;
            let (events, marks): (Vec<_>, Vec<_>) = batch
                .into_iter()
                .filter_map(|delivery| readable(delivery, give_up))
                .partition(|delivery| !is_marker(delivery));
            markers.extend(
                marks
                    .into_iter()
                    .map(|marker| self.take(consumer, marker, give_up)),
            );
            let acknowledged = if markers.is_empty() {
                Acknowledged::Together
            } else {
                Acknowledged::Each
            };
            self.take_batch(consumer, events, acknowledged, give_up)
                .await;
            if !is_full {
                tokio::select! {
                    () = sleep_until(next_look) => {}
                    () = give_up.cancelled() => {}
                }
            }
        };
        while markers.next().await.is_some() {}
        ended
    }
}

/// An error in the stream means that the channel is gone.
fn readable(delivery: lapin::Result<Delivery>, give_up: &CancellationToken) -> Option<Delivery> {
    delivery
        .inspect_err(|error| {
            tracing::debug!(cause = %error, "a channel broke");
            give_up.cancel();
        })
        .ok()
}
