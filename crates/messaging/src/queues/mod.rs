//! Queues that are missing, or no longer of use.
//!
//! Both are mended alike: the queue is made, and a marker in it makes its reader ask for what it missed.

mod mute;

pub(crate) use mute::MuteQueues;

use events::subscriptions::Subscription;

use crate::broker::{BrokerError, Outgoing, Publisher, Topology, within_deadline};
use crate::message;

/// Makes the queues of every deployed consumer of an event that no queue took.
///
/// # Errors
/// Those of the broker.
pub(crate) async fn make_missing(
    publisher: &Publisher,
    topology: &Topology,
    event_type: &str,
) -> Result<(), BrokerError> {
    for subscription in topology.work_consumers(event_type) {
        tracing::warn!(
            queue = subscription.queue(),
            "a queue was missing; it is made anew"
        );
        make_queue(publisher, topology, &subscription).await?;
    }
    Ok(())
}

/// Makes a consumer's queue.
///
/// Before any event can enter it, a message is put there that makes its reader ask for what the queue
/// has missed. So it does not matter who made the queue, or whether its maker crashed on the way:
/// a queue that is bound has that message behind it.
///
/// # Errors
/// Those of the broker.
pub(crate) async fn make_queue(
    publisher: &Publisher,
    topology: &Topology,
    subscription: &Subscription,
) -> Result<(), BrokerError> {
    let consumer = subscription.queue();
    let connection = publisher.connection().await?;
    let channel = within_deadline(connection.create_channel()).await?;
    topology.declare_queues(&channel, &consumer).await?;
    publisher
        .publish_one(Outgoing {
            exchange: String::new(),
            routing_key: topology.queue(&consumer),
            mandatory: true,
            properties: message::properties(&consumer, message::QUEUE_CREATED, None),
            body: Vec::new(),
        })
        .await?;
    topology.bind_queue(&channel, subscription).await?;
    within_deadline(channel.close(200, "made".into())).await
}
