//! Work consumers: each event is applied once per service.
//!
//! One connection carries all queues of a process, each on a channel of its own, so that a queue in
//! trouble does not hold up the others. Whatever breaks is made anew, from the top if need be.

mod delivery;
mod queue;

pub(crate) use delivery::acknowledge;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::database::Database;
use lapin::Connection;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::broker::{Broker, BrokerError, Publisher, queue_depth, within_deadline};
use crate::consumers::WorkConsumer;
use crate::dead_letters;
use crate::metrics::EventMetrics;
use crate::replay::Producers;

/// The shortest and the longest pause before connecting again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// How long what was begun may take to end, once the connection is gone or the process stops. What takes longer is dropped,
/// its transaction with it, and comes again: nobody may hold up the others' return to the broker.
const GRACE: Duration = Duration::from_secs(20);
/// How long nothing may come before a queue is subscribed anew, for the case that it was replaced: the broker does not
/// always tell the consumers of a queue that is gone.
pub(crate) const IDLE: Duration = Duration::from_secs(60);
/// How often the depth of each queue is asked for.
const MEASURE_EVERY: Duration = Duration::from_secs(10);

/// What all consumers of a process share.
pub(crate) struct Work {
    pub service: &'static str,
    pub broker: Arc<Broker>,
    /// Carries retries and dead letters, over a connection of its own.
    pub publisher: Publisher,
    pub db: Database,
    pub producers: Producers,
    pub metrics: EventMetrics,
    pub consumers: Vec<WorkConsumer>,
    pub is_declared: Arc<AtomicBool>,
}

impl Work {
    /// Consumes until told to stop; what was begun is finished.
    pub(crate) async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let mut pause = PAUSES.0;
        while !shutdown.is_cancelled() {
            let connected = tokio::time::Instant::now();
            let ended = Arc::clone(&self).session(&shutdown).await;
            self.broker.suspect_if_silent(&ended);
            if let Err(error) = ended {
                tracing::warn!(cause = %error, "consumers lost the broker; connecting again");
            }
            if connected.elapsed() > PAUSES.1 {
                pause = PAUSES.0;
            }
            let now = pause.mul_f64(0.5 + rand::random::<f64>());
            pause = (pause * 2).min(PAUSES.1);
            tokio::select! {
                () = sleep(now) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// One connection, from its first to its last moment.
    async fn session(self: Arc<Self>, shutdown: &CancellationToken) -> Result<(), BrokerError> {
        let connection = Arc::new(
            self.broker
                .connect(&format!("{}: consumers", self.service))
                .await?,
        );
        let channel = within_deadline(connection.create_channel()).await?;
        self.broker.topology.declare_shared(&channel).await?;
        for consumer in &self.consumers {
            self.declare(&connection, &channel, consumer).await?;
        }
        self.is_declared.store(true, Ordering::Release);
        // Ends the queues' tasks together with this function, whatever ends it.
        let stop = shutdown.child_token();
        let _stop_all = stop.clone().drop_guard();
        let mut tasks = JoinSet::new();
        for consumer in &self.consumers {
            let (work, own) = (Arc::clone(&self), Arc::clone(&connection));
            tasks.spawn(work.follow(own, consumer.clone(), stop.clone()));
            let (work, own) = (Arc::clone(&self), Arc::clone(&connection));
            tasks.spawn(dead_letters::drain(
                work,
                own,
                Arc::clone(&consumer.name),
                stop.clone(),
            ));
        }
        tasks.spawn(Arc::clone(&self).measure(Arc::clone(&connection), stop.clone()));
        // The first that ends has found the connection broken, or the process stopping.
        let first = tasks.join_next().await;
        stop.cancel();
        let ending = timeout(GRACE, async { while tasks.join_next().await.is_some() {} });
        if ending.await.is_err() {
            tracing::warn!("consumers did not end in time; what they had begun is rolled back");
            tasks.shutdown().await;
        }
        match first {
            Some(Ok(ended)) => ended,
            _ => Err(BrokerError::Silent),
        }
    }

    async fn measure(
        self: Arc<Self>,
        connection: Arc<Connection>,
        stop: CancellationToken,
    ) -> Result<(), BrokerError> {
        loop {
            for consumer in &self.consumers {
                let queue = self.broker.topology.queue(&consumer.name);
                if let Some(depth) = queue_depth(&connection, &queue).await? {
                    self.metrics.queue_depth(&consumer.name, depth);
                }
            }
            tokio::select! {
                () = sleep(MEASURE_EVERY) => {}
                () = stop.cancelled() => return Ok(()),
            }
        }
    }
}
