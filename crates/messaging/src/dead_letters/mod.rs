//! Deliveries that were given up: taken out of the broker into a table, looked at, sent back.

mod command;
mod drain;
mod store;

pub use command::{Desk, command, run};
pub(crate) use drain::drain;
use store::claim;
pub use store::{DeadLetter, DeadLetterSummary, Waiting, find, list, waiting};

use std::sync::Arc;

use common::database::{Database, DbError};
use diesel_async::AsyncConnection as _;
use lapin::BasicProperties;
use lapin::types::AMQPValue;
use uuid::Uuid;

use crate::broker::{Broker, BrokerError, Outgoing, Publisher, Sent};
use crate::message;

/// Why a dead letter was not sent back.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    /// There is none with this id, or it was sent back before.
    #[error("there is no dead letter {0} that waits")]
    NotWaiting(Uuid),
    /// The queue is not there or refuses.
    #[error("the queue of {consumer} did not take it: {sent:?}")]
    NotTaken {
        /// Whose queue.
        consumer: String,
        /// What the broker did.
        sent: Sent,
    },
    /// The broker did not do it.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The database did not do it.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<diesel::result::Error> for RedriveError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

/// Sends dead letters back to the queues they came from.
pub struct Redriver {
    db: Database,
    broker: Arc<Broker>,
    publisher: Publisher,
}

impl Redriver {
    /// For the letters in `db`.
    #[must_use]
    pub fn new(service: &str, db: Database, broker: Arc<Broker>) -> Self {
        let publisher = Publisher::new(Arc::clone(&broker), format!("{service}: redrive"));
        Self {
            db,
            broker,
            publisher,
        }
    }

    /// Sends one back, as its first attempt. Marked in the transaction in which the broker confirms,
    /// so two operators send it once; a crash in between sends it again, and the inbox drops that.
    ///
    /// # Errors
    /// See [`RedriveError`]; the letter still waits then.
    pub async fn redrive(&self, id: Uuid) -> Result<(), RedriveError> {
        let mut conn = self.db.get().await?;
        conn.transaction(async |conn| {
            let letter = claim(conn, id).await?.ok_or(RedriveError::NotWaiting(id))?;
            let consumer = letter.summary.consumer.clone();
            match self.publisher.publish_one(self.outgoing(letter)).await? {
                Sent::Confirmed => Ok(()),
                sent => Err(RedriveError::NotTaken { consumer, sent }),
            }
        })
        .await
    }

    fn outgoing(&self, letter: DeadLetter) -> Outgoing {
        let trace = letter
            .headers
            .get(message::TRACEPARENT)
            .and_then(|header| header.as_str());
        let trace = trace.and_then(common::context::TraceParent::parse);
        let summary = letter.summary;
        // A letter without an event id was no event of ours; the letter's own id stands in.
        let id = summary.event_id.unwrap_or(summary.id).to_string();
        let event_type = summary.event_type.unwrap_or_default();
        let properties: BasicProperties = message::properties(&id, &event_type, trace);
        Outgoing {
            exchange: String::new(),
            routing_key: self.broker.topology.queue(&summary.consumer),
            mandatory: true,
            properties: message::with_header(
                &properties,
                message::REDRIVEN,
                AMQPValue::LongString(summary.id.to_string().into()),
            ),
            body: letter.body,
        }
    }
}
