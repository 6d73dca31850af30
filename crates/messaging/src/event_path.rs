//! Everything that a service does with events, in one value.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::auth::ServiceTokens;
use common::database::{Database, DatabaseSettings, DbError};
use common::metrics::Metrics;
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::broker::{Broker, Publisher, Topology};
use crate::consumers::{Consumers, WorkConsumer};
use crate::metrics::EventMetrics;
use crate::queues::MuteQueues;
use crate::relay::{Relay, backlog, wake_on_commit};
use crate::replay::{Producers, Replayer};
use crate::settings::AmqpSettings;
use crate::work::Work;
use crate::{dead_letters, retention};

/// Connections for carrying, keeping and cleaning up; the relay holds two at most.
const POOL: u32 = 4;
/// How often the backlog is counted.
const MEASURE_EVERY: Duration = Duration::from_secs(5);

/// A service's part of the event path: the relay of its outbox, its work consumers, the drain of its
/// dead letters, and the retention of the tables behind all that.
pub struct EventPath {
    service: &'static str,
    settings: AmqpSettings,
    database: DatabaseSettings,
    db: Database,
    broker: Arc<Broker>,
    tokens: Arc<ServiceTokens>,
    metrics: EventMetrics,
    consumers: Vec<WorkConsumer>,
    is_declared: Arc<AtomicBool>,
}

impl EventPath {
    /// Connects nothing yet. Has a small database pool of its own, so that neither requests nor
    /// consumers can starve the relay.
    ///
    /// # Errors
    /// When the metrics are registered already.
    pub fn new(
        service: &'static str,
        settings: AmqpSettings,
        database: &DatabaseSettings,
        tokens: Arc<ServiceTokens>,
        metrics: &Metrics,
    ) -> anyhow::Result<Self> {
        let db = Database::connect(&DatabaseSettings {
            pool: POOL,
            ..database.clone()
        });
        Ok(Self {
            service,
            broker: Arc::new(Broker::new(settings.clone())),
            settings,
            database: database.clone(),
            db,
            tokens,
            metrics: EventMetrics::register(metrics)?,
            consumers: Vec::new(),
            is_declared: Arc::default(),
        })
    }

    /// Adds the service's consumers.
    ///
    /// # Errors
    /// When one of them hears what the subscription table does not give to this service.
    pub fn consumers<S: Send + Sync + 'static>(
        mut self,
        consumers: Consumers<S>,
    ) -> anyhow::Result<Self> {
        self.consumers.extend(consumers.finish()?);
        Ok(self)
    }

    /// The same in a broker of another shape.
    #[must_use]
    pub fn with_topology(self, topology: Topology) -> Self {
        let broker = Broker::new(self.settings.clone()).with_topology(topology);
        Self {
            broker: Arc::new(broker),
            ..self
        }
    }

    /// The broker, for broadcasts.
    #[must_use]
    pub fn broker(&self) -> Arc<Broker> {
        Arc::clone(&self.broker)
    }

    /// What answers `POST /internal/events/replay`.
    #[must_use]
    pub fn replayer(&self) -> Replayer {
        Replayer::new(self.service, self.db.clone(), self.broker())
    }

    /// Tells whether all queues were declared once; a process that does nothing but work is not ready
    /// before.
    pub fn declared(&self) -> impl Fn() -> bool + Send + Sync + 'static {
        let is_declared = Arc::clone(&self.is_declared);
        move || is_declared.load(Ordering::Acquire)
    }

    /// Works until told to stop; what was begun is finished.
    pub async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let wake = Arc::new(Notify::new());
        let url = self.database.url.clone();
        let listening = wake_on_commit(self.service, url, Arc::clone(&wake), shutdown.clone());
        let relay = Relay::new(
            self.service,
            self.db.clone(),
            self.broker(),
            self.metrics.clone(),
            wake,
        );
        let mute_queues = MuteQueues::new(self.service, self.broker(), self.metrics.clone());
        let own = (self.service, self.replayer());
        let names = self
            .consumers
            .iter()
            .map(|consumer| Arc::clone(&consumer.name))
            .collect();
        let measuring = measure(
            self.db.clone(),
            self.metrics.clone(),
            names,
            shutdown.clone(),
        );
        let work = Arc::new(Work {
            service: self.service,
            publisher: Publisher::new(self.broker(), format!("{}: retries", self.service)),
            producers: Producers::new(&self.settings.producers, &self.tokens, own)?,
            broker: self.broker,
            db: self.db.clone(),
            metrics: self.metrics,
            consumers: self.consumers,
            is_declared: self.is_declared,
        });
        let tasks = [
            tokio::spawn(listening),
            tokio::spawn(relay.run(shutdown.clone())),
            tokio::spawn(mute_queues.replace_when_found(shutdown.clone())),
            tokio::spawn(work.run(shutdown.clone())),
            tokio::spawn(measuring),
            tokio::spawn(retention::run(self.db, shutdown)),
        ];
        for task in tasks {
            task.await?;
        }
        Ok(())
    }
}

async fn measure(
    db: Database,
    metrics: EventMetrics,
    consumers: Vec<Arc<str>>,
    shutdown: CancellationToken,
) {
    loop {
        if let Err(error) = measure_once(&db, &metrics, &consumers).await {
            tracing::debug!(cause = %error, "the outbox could not be counted");
        }
        tokio::select! {
            () = sleep(MEASURE_EVERY) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

async fn measure_once(
    db: &Database,
    metrics: &EventMetrics,
    consumers: &[Arc<str>],
) -> Result<(), DbError> {
    let mut conn = db.get().await?;
    let waiting = backlog(&mut conn).await?;
    let age = waiting
        .oldest
        .map_or(0, |(committed, now)| (now - committed).num_seconds());
    metrics.outbox(waiting.rows, age);
    let letters = dead_letters::waiting(&mut conn).await?;
    // A consumer whose last letter was sent back is in no row any more.
    for consumer in consumers {
        let own = letters
            .iter()
            .find(|letters| *letters.consumer == **consumer);
        metrics.dead_letters(consumer, own.map_or(0, |letters| letters.letters));
    }
    Ok(())
}
