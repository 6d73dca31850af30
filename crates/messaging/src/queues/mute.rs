//! Queues that the broker knows and does not serve.
//!
//! A node of RabbitMQ that is killed within seconds of a quorum queue's creation can come back with the
//! queue and without its log. The queue's only member then waits for ever to be elected: the queue
//! looks healthy from outside and whatever uses it times out, which blocks the whole outbox whose
//! events it should take. Only deleting it helps (rabbitmq-server issues 13135 and 15725).
//!
//! A queue can also be left without its member's process; then the broker breaks the connection of whoever consumes from it.

use std::sync::Arc;
use std::time::Duration;

use events::subscriptions::{EVENT_TYPES, EVERY_SERVICE, Subscription};
use futures_util::future::try_join_all;
use lapin::options::{
    BasicConsumeOptions, BasicQosOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, Queue};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::make_queue;
use crate::broker::{Broker, BrokerError, Publisher, Topology, within_deadline};
use crate::metrics::EventMetrics;

/// A queue is replaced when it was mute twice, so long apart: an election takes a second or two.
const BETWEEN_LOOKS: Duration = Duration::from_secs(15);
/// How often the queues are looked at while something is silent.
const PAUSE: Duration = Duration::from_secs(10);
/// Connections over which queues are tried, each one queue after the other.
const CONNECTIONS: usize = 8;
/// Whoever has this queue for itself is the one that replaces.
const TURN: &str = "replacing-mute-queues";
/// The broker first waits five seconds for an answer of the queue, then deletes it by force.
const DELETION_DEADLINE: Duration = Duration::from_secs(30);

/// Finds mute queues and replaces them.
pub(crate) struct MuteQueues {
    service: &'static str,
    broker: Arc<Broker>,
    publisher: Publisher,
    metrics: EventMetrics,
}

/// A queue that may be mute.
#[derive(Clone)]
struct Suspect {
    queue: String,
    role: Role,
}

/// What is lost with a queue, and who asks its producers for it.
#[derive(Clone)]
enum Role {
    /// A consumer's events.
    Work(Subscription),
    /// What a consumer gave up.
    Dead(Subscription),
    /// What waits for its next attempt, which may be anyone's.
    Retry(Vec<Subscription>),
}

impl MuteQueues {
    pub(crate) fn new(service: &'static str, broker: Arc<Broker>, metrics: EventMetrics) -> Self {
        let publisher = Publisher::new(Arc::clone(&broker), format!("{service}: mending"));
        Self {
            service,
            broker,
            publisher,
            metrics,
        }
    }

    /// Waits until somebody gets no answer from the broker, then looks at every queue that this service
    /// fills or reads.
    pub(crate) async fn replace_when_found(self, shutdown: CancellationToken) {
        // A counter that first appears at one has not increased.
        for suspect in self.suspects() {
            self.metrics.watch_replacing(&suspect.queue);
        }
        let looking = async {
            loop {
                self.broker.suspected().await;
                if let Err(error) = self.replace_mute(self.suspects()).await {
                    tracing::warn!(cause = %error, "mute queues could not be looked for, or not be replaced");
                }
                sleep(PAUSE).await;
            }
        };
        tokio::select! {
            () = looking => {}
            () = shutdown.cancelled() => {}
        }
    }

    async fn replace_mute(&self, suspects: Vec<Suspect>) -> Result<(), BrokerError> {
        let mute = self.mute_among(suspects).await?;
        if mute.is_empty() {
            return Ok(());
        }
        sleep(BETWEEN_LOOKS).await;
        let Some(_turn) = self.take_turn().await? else {
            tracing::info!("another process replaces mute queues at this moment");
            // It may not know of all of them.
            self.broker.suspect();
            return Ok(());
        };
        for suspect in self.mute_among(mute).await? {
            tracing::error!(
                queue = suspect.queue,
                "a queue is there and does not answer; it is deleted and made anew"
            );
            self.replace(&suspect).await?;
            self.metrics.queue_replaced(&suspect.queue);
        }
        Ok(())
    }

    /// A connection that holds the turn for as long as it is there, unless another process has it.
    ///
    /// Two that delete the same queue by force do harm: the later deletion ends the process of the queue that the earlier one's
    /// caller has already made anew, and leaves its metadata.
    async fn take_turn(&self) -> Result<Option<Connection>, BrokerError> {
        let purpose = format!("{}: replacing mute queues", self.service);
        let connection = self.broker.connect(&purpose).await?;
        let channel = within_deadline(connection.create_channel()).await?;
        let queue = self.broker.topology.queue(TURN);
        match within_deadline(declare_own(&channel, &queue)).await {
            Ok(_) => Ok(Some(connection)),
            Err(error) if error.is_refusal() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Those that do not let themselves be consumed while the broker answers otherwise.
    ///
    /// Consuming is what is tried because a broker short of memory or disk lets its consumers go on: it
    /// must not look as if all its queues were mute. A delivery that comes goes back with the channel.
    async fn mute_among(&self, suspects: Vec<Suspect>) -> Result<Vec<Suspect>, BrokerError> {
        self.try_own_queue().await?;
        let share = suspects.len().div_ceil(CONNECTIONS).max(1);
        let mute = try_join_all(suspects.chunks(share).map(|share| self.mute_of(share))).await?;
        self.try_own_queue().await?;
        Ok(mute.into_iter().flatten().collect())
    }

    /// One after the other over one connection, which is given up with a queue that does not answer: the broker may have dropped it.
    async fn mute_of(&self, suspects: &[Suspect]) -> Result<Vec<Suspect>, BrokerError> {
        let mut mute = Vec::new();
        let mut connection = self.connect().await?;
        for suspect in suspects {
            match try_to_consume(&connection, &suspect.queue).await {
                Ok(()) => {}
                Err(error) if error.is_refusal() => {}
                Err(_no_answer) => {
                    mute.push(suspect.clone());
                    connection = self.connect().await?;
                }
            }
        }
        Ok(mute)
    }

    /// Consumes from a queue that nobody else knows.
    async fn try_own_queue(&self) -> Result<(), BrokerError> {
        let connection = self.connect().await?;
        let channel = within_deadline(connection.create_channel()).await?;
        let queue = within_deadline(declare_own(&channel, "")).await?;
        try_to_consume(&connection, queue.name().as_str()).await
    }

    async fn connect(&self) -> Result<Connection, BrokerError> {
        let purpose = format!("{}: looking for mute queues", self.service);
        self.broker.connect(&purpose).await
    }

    /// Whoever fails on the way leaves a queue that is mute still, or one that is missing; both are found.
    async fn replace(&self, mute: &Suspect) -> Result<(), BrokerError> {
        let topology = &self.broker.topology;
        // The marker of a work queue goes into the queue itself. All others are in place before their queue no longer
        // shows that it is mute.
        let losers = match &mute.role {
            Role::Work(_) => &[],
            Role::Dead(consumer) => std::slice::from_ref(consumer),
            Role::Retry(consumers) => consumers.as_slice(),
        };
        for loser in losers {
            make_queue(&self.publisher, topology, loser).await?;
        }
        let connection = self.publisher.connection().await?;
        let channel = within_deadline(connection.create_channel()).await?;
        let deletion =
            channel.queue_delete(mute.queue.as_str().into(), QueueDeleteOptions::default());
        match timeout(DELETION_DEADLINE, deletion).await {
            Ok(deleted) => deleted?,
            Err(_elapsed) => return Err(BrokerError::Silent),
        };
        match &mute.role {
            Role::Work(consumer) => make_queue(&self.publisher, topology, consumer).await?,
            Role::Dead(consumer) => topology.declare_queues(&channel, &consumer.queue()).await?,
            Role::Retry(_) => topology.declare_shared(&channel).await?,
        }
        within_deadline(channel.close(200, "mended".into())).await
    }

    fn suspects(&self) -> Vec<Suspect> {
        let topology = &self.broker.topology;
        let everyone: Vec<Subscription> = topology.deployed_consumers().collect();
        let own = everyone
            .iter()
            .filter(|one| one.service == self.service || is_said_by(one.event_type, self.service));
        let queues = own.flat_map(|one| suspects_of(topology, one));
        let retries = topology.retry_queues().map(|queue| Suspect {
            queue,
            role: Role::Retry(everyone.clone()),
        });
        queues.chain(retries).collect()
    }
}

fn suspects_of(topology: &Topology, consumer: &Subscription) -> [Suspect; 2] {
    let name = consumer.queue();
    [
        Suspect {
            queue: topology.queue(&name),
            role: Role::Work(*consumer),
        },
        Suspect {
            queue: topology.dead_queue(&name),
            role: Role::Dead(*consumer),
        },
    ]
}

fn is_said_by(event_type: &str, service: &str) -> bool {
    EVENT_TYPES
        .iter()
        .any(|known| known.name == event_type && [service, EVERY_SERVICE].contains(&known.producer))
}

/// Declares a queue that lives and dies with its connection; refused where another connection has one of that name.
async fn declare_own(channel: &Channel, name: &str) -> lapin::Result<Queue> {
    let options = QueueDeclareOptions {
        exclusive: true,
        auto_delete: true,
        ..QueueDeclareOptions::default()
    };
    channel
        .queue_declare(name.into(), options, FieldTable::default())
        .await
}

async fn try_to_consume(connection: &Connection, queue: &str) -> Result<(), BrokerError> {
    let channel = within_deadline(connection.create_channel()).await?;
    within_deadline(channel.basic_qos(1, BasicQosOptions::default())).await?;
    let options = BasicConsumeOptions::default();
    let consumed = channel.basic_consume(queue.into(), "".into(), options, FieldTable::default());
    within_deadline(consumed).await?;
    within_deadline(channel.close(200, "tried".into())).await
}
