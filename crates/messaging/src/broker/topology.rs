//! The names of exchanges and queues, and their declaration.
//!
//! One topic exchange carries every event by its type. Each consumer function has a durable quorum
//! queue, and one beside it for what it gave up. Retries wait in four queues that all share.

use std::collections::BTreeSet;
use std::time::Duration;

use events::subscriptions::{Delivery, EXCHANGE, Subscription, consumers_of, subscriptions};
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Connection, ExchangeKind};

use super::connection::{BrokerError, within_deadline};
use crate::settings::AmqpSettings;

/// A crash guard only: kills and reconnects of a consumer count as deliveries too.
const DELIVERY_LIMIT: i32 = 50;

/// One station on the way to another attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryStep {
    /// Its name, as in `agape.retry.1s`.
    pub name: &'static str,
    /// How long a delivery rests there.
    pub delay: Duration,
}

/// How long each further attempt is waited for; after the last one the delivery is given up.
const RETRY_STEPS: [RetryStep; 4] = [
    RetryStep {
        name: "1s",
        delay: Duration::from_secs(1),
    },
    RetryStep {
        name: "10s",
        delay: Duration::from_secs(10),
    },
    RetryStep {
        name: "60s",
        delay: Duration::from_secs(60),
    },
    RetryStep {
        name: "5m",
        delay: Duration::from_secs(300),
    },
];

/// The static shape of the broker for one shop.
#[derive(Debug, Clone)]
pub struct Topology {
    prefix: String,
    deployed: BTreeSet<String>,
    retry_steps: Vec<RetryStep>,
}

impl Topology {
    /// The topology that the settings describe.
    #[must_use]
    pub fn new(settings: &AmqpSettings) -> Self {
        Self {
            prefix: settings.prefix.clone(),
            deployed: settings.deployed.iter().cloned().collect(),
            retry_steps: RETRY_STEPS.to_vec(),
        }
    }

    /// The same with other delays, as many as there are further attempts. The delays are arguments of
    /// queues and cannot be changed where a queue of that name exists.
    #[must_use]
    pub fn with_retry_steps(self, retry_steps: Vec<RetryStep>) -> Self {
        Self {
            retry_steps,
            ..self
        }
    }

    /// The exchange that carries all events.
    #[must_use]
    pub fn exchange(&self) -> String {
        format!("{}{EXCHANGE}", self.prefix)
    }

    /// A consumer's queue.
    #[must_use]
    pub fn queue(&self, consumer: &str) -> String {
        format!("{}{consumer}", self.prefix)
    }

    /// Where a consumer's hopeless deliveries go.
    #[must_use]
    pub fn dead_queue(&self, consumer: &str) -> String {
        format!("{}{consumer}.dead", self.prefix)
    }

    /// The exchange in front of a retry queue; a delivery comes back by its routing key, which is its
    /// queue's name.
    #[must_use]
    pub fn retry_exchange(&self, step: &RetryStep) -> String {
        format!("{}agape.retry.{}", self.prefix, step.name)
    }

    /// All retry queues; each has the name of its exchange.
    pub(crate) fn retry_queues(&self) -> impl Iterator<Item = String> {
        self.retry_steps
            .iter()
            .map(|step| self.retry_exchange(step))
    }

    /// Where a delivery waits that failed in this attempt (from 1); `None` after the last.
    #[must_use]
    pub fn retry_after(&self, attempt: u32) -> Option<&RetryStep> {
        let index = usize::try_from(attempt.checked_sub(1)?).ok()?;
        self.retry_steps.get(index)
    }

    /// Whether a service runs in this shop.
    #[must_use]
    pub fn is_deployed(&self, service: &str) -> bool {
        self.deployed.contains(service)
    }

    /// The deployed consumers whose queues an event of this type must reach.
    pub fn work_consumers(&self, event_type: &str) -> impl Iterator<Item = Subscription> {
        consumers_of(event_type)
            .filter(|one| one.delivery == Delivery::Work && self.is_deployed(one.service))
    }

    /// All consumers whose queues exist in this shop.
    pub(crate) fn deployed_consumers(&self) -> impl Iterator<Item = Subscription> {
        subscriptions()
            .filter(|one| one.delivery == Delivery::Work && self.is_deployed(one.service))
    }

    /// Declares what every process needs: the exchange, and the queues where retries wait.
    ///
    /// # Errors
    /// Those of the broker.
    pub async fn declare_shared(&self, channel: &Channel) -> Result<(), BrokerError> {
        declare_exchange(channel, &self.exchange(), ExchangeKind::Topic).await?;
        for step in &self.retry_steps {
            let name = self.retry_exchange(step);
            declare_exchange(channel, &name, ExchangeKind::Fanout).await?;
            let mut arguments = quorum_arguments();
            let delay = i64::try_from(step.delay.as_millis()).unwrap_or(i64::MAX);
            arguments.insert("x-message-ttl".into(), AMQPValue::LongLongInt(delay));
            // Dead-lettered through the default exchange under its own routing key: home.
            dead_letters_to(&mut arguments, None);
            declare_queue(channel, &name, arguments).await?;
            bind(channel, &name, &name, "").await?;
        }
        Ok(())
    }

    /// Declares a consumer's two queues, without binding them to the exchange.
    ///
    /// # Errors
    /// Those of the broker.
    pub async fn declare_queues(
        &self,
        channel: &Channel,
        consumer: &str,
    ) -> Result<(), BrokerError> {
        let dead = self.dead_queue(consumer);
        declare_queue(channel, &dead, quorum_arguments()).await?;
        let mut arguments = quorum_arguments();
        arguments.insert(
            "x-delivery-limit".into(),
            AMQPValue::LongInt(DELIVERY_LIMIT),
        );
        dead_letters_to(&mut arguments, Some(&dead));
        declare_queue(channel, &self.queue(consumer), arguments).await
    }

    /// Lets events of its type into a consumer's queue.
    ///
    /// # Errors
    /// Those of the broker.
    pub async fn bind_queue(
        &self,
        channel: &Channel,
        subscription: &Subscription,
    ) -> Result<(), BrokerError> {
        let queue = self.queue(&subscription.queue());
        bind(channel, &queue, &self.exchange(), subscription.event_type).await
    }
}

/// Whether a queue exists. Asked on a channel of its own, because a refusal closes the channel.
///
/// # Errors
/// Those of the broker.
pub(crate) async fn queue_exists(
    connection: &Connection,
    queue: &str,
) -> Result<bool, BrokerError> {
    Ok(queue_depth(connection, queue).await?.is_some())
}

/// How many messages wait in a queue; `None` if there is no such queue.
///
/// # Errors
/// Those of the broker.
pub(crate) async fn queue_depth(
    connection: &Connection,
    queue: &str,
) -> Result<Option<u32>, BrokerError> {
    let channel = within_deadline(connection.create_channel()).await?;
    let options = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    let asked =
        within_deadline(channel.queue_declare(queue.into(), options, FieldTable::default())).await;
    match asked {
        Ok(found) => {
            within_deadline(channel.close(200, "asked".into())).await?;
            Ok(Some(found.message_count()))
        }
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

async fn declare_exchange(
    channel: &Channel,
    name: &str,
    kind: ExchangeKind,
) -> Result<(), BrokerError> {
    let options = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    within_deadline(channel.exchange_declare(name.into(), kind, options, FieldTable::default()))
        .await
}

async fn declare_queue(
    channel: &Channel,
    name: &str,
    arguments: FieldTable,
) -> Result<(), BrokerError> {
    let options = QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    };
    within_deadline(channel.queue_declare(name.into(), options, arguments)).await?;
    Ok(())
}

async fn bind(
    channel: &Channel,
    queue: &str,
    exchange: &str,
    key: &str,
) -> Result<(), BrokerError> {
    let options = QueueBindOptions::default();
    within_deadline(channel.queue_bind(
        queue.into(),
        exchange.into(),
        key.into(),
        options,
        FieldTable::default(),
    ))
    .await
}

fn quorum_arguments() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    arguments
}

/// The broker keeps a dead-lettered message until its next queue has confirmed it. That needs
/// `reject-publish`, which has no further effect as no queue has a maximal length.
fn dead_letters_to(arguments: &mut FieldTable, queue: Option<&str>) {
    arguments.insert("x-dead-letter-exchange".into(), text(""));
    if let Some(queue) = queue {
        arguments.insert("x-dead-letter-routing-key".into(), text(queue));
    }
    arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
    arguments.insert("x-overflow".into(), text("reject-publish"));
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(ShortString::from(value).to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topology(deployed: &[&str]) -> Topology {
        Topology::new(&AmqpSettings {
            deployed: deployed.iter().map(ToString::to_string).collect(),
            ..AmqpSettings::bare("amqp://localhost".to_owned(), "t1.".to_owned())
        })
    }

    #[test]
    fn names_carry_the_prefix() {
        let topology = topology(&[]);
        assert_eq!(topology.exchange(), "t1.agape.events");
        assert_eq!(
            topology.dead_queue("orders.on_payment_succeeded"),
            "t1.orders.on_payment_succeeded.dead"
        );
    }

    #[test]
    fn the_fifth_failure_is_the_last() {
        let topology = topology(&[]);
        let names: Vec<_> = (1..=5)
            .map(|attempt| topology.retry_after(attempt).map(|step| step.name))
            .collect();
        assert_eq!(
            names,
            [Some("1s"), Some("10s"), Some("60s"), Some("5m"), None]
        );
    }

    #[test]
    fn only_deployed_consumers_count() {
        let hears = |deployed: &[&str]| {
            topology(deployed)
                .work_consumers("auth.mail_requested")
                .count()
        };
        assert_eq!(hears(&["auth"]), 0);
        assert_eq!(hears(&["auth", "notifications"]), 1);
        assert_eq!(hears(&["admin", "notifications"]), 2);
    }
}
