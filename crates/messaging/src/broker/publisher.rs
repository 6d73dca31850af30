//! Publishing with confirmation.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::try_join_all;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Connection};
use tokio::sync::Mutex;

use super::connection::{Broker, BrokerError, DEADLINE, within_deadline};

/// A message on its way out.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The exchange; empty sends straight to the queue that the routing key names.
    pub exchange: String,
    /// The routing key.
    pub routing_key: String,
    /// Whether it must reach at least one queue.
    pub mandatory: bool,
    /// Headers and the like; each message of a batch needs a `message_id` of its own.
    pub properties: BasicProperties,
    /// The content.
    pub body: Vec<u8>,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// The broker has it, safe on disk where a queue took it.
    Confirmed,
    /// It was mandatory and no queue took it. (The broker confirms such a message, too.)
    Returned,
    /// The broker refused it.
    Refused,
}

/// Publishes over a connection of its own, which it makes when first needed and drops when in doubt.
///
/// Consumers publish over another connection than they consume from: a broker that runs out of memory
/// stops reading from connections that publish, and those that only consume go on.
pub struct Publisher {
    broker: Arc<Broker>,
    purpose: String,
    link: Mutex<Option<Link>>,
}

struct Link {
    channel: Channel,
    // Closed when dropped.
    connection: Arc<Connection>,
}

impl Publisher {
    /// A publisher that is not connected yet.
    #[must_use]
    pub fn new(broker: Arc<Broker>, purpose: String) -> Self {
        Self {
            broker,
            purpose,
            link: Mutex::default(),
        }
    }

    /// Connects unless connected.
    ///
    /// # Errors
    /// Those of the broker.
    pub async fn prepare(&self) -> Result<(), BrokerError> {
        let mut link = self.link.lock().await;
        self.linked(&mut link).await?;
        Ok(())
    }

    /// Publishes a batch and waits until each message is confirmed, returned or refused; answers in order.
    ///
    /// # Errors
    /// Those of the broker; then it is unknown which messages arrived, and all may be sent again.
    pub async fn publish(&self, batch: &[Outgoing]) -> Result<Vec<Sent>, BrokerError> {
        let mut link = self.link.lock().await;
        let channel = &self.linked(&mut link).await?.channel;
        let sent = match tokio::time::timeout(DEADLINE, publish_all(channel, batch)).await {
            Ok(outcome) => outcome.map_err(BrokerError::from),
            Err(_elapsed) => Err(BrokerError::Silent),
        };
        if sent.is_err() {
            self.broker.suspect_if_silent(&sent);
            *link = None;
        }
        sent
    }

    /// Publishes one message that must arrive.
    ///
    /// # Errors
    /// Those of the broker; a message that was returned or refused is told by [`Sent`].
    pub async fn publish_one(&self, message: Outgoing) -> Result<Sent, BrokerError> {
        let sent = self.publish(&[message]).await?;
        sent.first().copied().ok_or(BrokerError::Silent)
    }

    /// The publisher's own connection, for declaring what it publishes to.
    ///
    /// # Errors
    /// Those of the broker.
    pub(crate) async fn connection(&self) -> Result<Arc<Connection>, BrokerError> {
        let mut link = self.link.lock().await;
        Ok(Arc::clone(&self.linked(&mut link).await?.connection))
    }

    async fn linked<'a>(&self, link: &'a mut Option<Link>) -> Result<&'a Link, BrokerError> {
        let is_open = link.as_ref().is_some_and(|link| {
            link.connection.status().connected() && link.channel.status().connected()
        });
        if !is_open {
            *link = None;
        }
        match link {
            Some(open) => Ok(open),
            None => Ok(link.insert(self.open().await?)),
        }
    }

    async fn open(&self) -> Result<Link, BrokerError> {
        let connection = self.broker.connect(&self.purpose).await?;
        let channel = within_deadline(connection.create_channel()).await?;
        within_deadline(channel.confirm_select(ConfirmSelectOptions::default())).await?;
        // Publishing to an exchange that is missing closes the channel, after the fact.
        self.broker.topology.declare_shared(&channel).await?;
        Ok(Link {
            channel,
            connection: Arc::new(connection),
        })
    }
}

/// Sends everything first and then waits for all confirmations, which come in bulk.
async fn publish_all(channel: &Channel, batch: &[Outgoing]) -> lapin::Result<Vec<Sent>> {
    let mut confirmations = Vec::with_capacity(batch.len());
    for message in batch {
        let options = BasicPublishOptions {
            mandatory: message.mandatory,
            immediate: false,
        };
        let sending = channel.basic_publish(
            message.exchange.as_str().into(),
            message.routing_key.as_str().into(),
            options,
            &message.body,
            message.properties.clone(),
        );
        confirmations.push(sending.await?);
    }
    let confirmed = try_join_all(confirmations).await?;
    // The client hands a returned message to whichever confirmation it reads next, which need not be the message's
    // own; so it is the id that tells which messages came back.
    let mut accepted = Vec::with_capacity(confirmed.len());
    let mut returned = HashSet::new();
    for confirmation in confirmed {
        accepted.push(confirmation.is_ack());
        if let Some(message) = confirmation.take_message() {
            returned.extend(message.properties.message_id().clone());
        }
    }
    Ok(batch
        .iter()
        .zip(accepted)
        .map(|(message, is_accepted)| {
            let id = message.properties.message_id();
            match (is_accepted, id) {
                (false, _) => Sent::Refused,
                (true, Some(id)) if returned.contains(id) => Sent::Returned,
                (true, _) => Sent::Confirmed,
            }
        })
        .collect())
}
