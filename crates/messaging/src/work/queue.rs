//! Following one queue.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use lapin::message::Delivery;
use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, Consumer};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Work;
use crate::broker::{BrokerError, queue_exists, within_deadline};
use crate::consumers::{Handler, WorkConsumer};
use crate::relay::make_queue;

/// Deliveries on the way to a consumer of single events, for each that it applies at once.
const PREFETCH: usize = 8;
/// Events in one batch, and the deliveries that may be on their way meanwhile.
const BATCH: usize = 200;
const BATCH_PREFETCH: u16 = 400;
/// A queue that was lost is looked for again after this.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

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
                return consumed.and(Err(BrokerError::Silent));
            }
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
    ) -> Result<(), BrokerError> {
        let channel = within_deadline(connection.create_channel()).await?;
        self.declare(connection, &channel, consumer).await?;
        let prefetch = match consumer.handler {
            Handler::Single(_) => u16::try_from(PREFETCH * consumer.at_once).unwrap_or(u16::MAX),
            Handler::Batch(_) => BATCH_PREFETCH,
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
        match &consumer.handler {
            Handler::Single(_) => self.consume_singly(deliveries, consumer, &give_up).await,
            Handler::Batch(_) => {
                self.consume_in_batches(deliveries, consumer, &give_up)
                    .await;
            }
        }
        // What was not acknowledged goes back to the queue with the channel.
        let _ = within_deadline(channel.close(200, "done".into())).await;
        Ok(())
    }

    async fn consume_singly(
        self: &Arc<Self>,
        deliveries: Consumer,
        consumer: &WorkConsumer,
        give_up: &CancellationToken,
    ) {
        deliveries
            .take_until(give_up.cancelled())
            .for_each_concurrent(consumer.at_once, |delivery| async move {
                if let Some(delivery) = readable(delivery, give_up) {
                    self.take(consumer, delivery, give_up).await;
                }
            })
            .await;
    }

    async fn consume_in_batches(
        self: &Arc<Self>,
        deliveries: Consumer,
        consumer: &WorkConsumer,
        give_up: &CancellationToken,
    ) {
        let mut batches = Box::pin(
            deliveries
                .take_until(give_up.cancelled())
                .ready_chunks(BATCH),
        );
        while let Some(batch) = batches.next().await {
            let batch = batch
                .into_iter()
                .filter_map(|delivery| readable(delivery, give_up))
                .collect();
            self.take_batch(consumer, batch, give_up).await;
        }
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
