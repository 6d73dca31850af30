//! An event as a consumer gets it, and what the consumer answers.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use common::client::CallError;
use common::context::{Context, TraceParent};
use common::database::DbError;
use events::Event;
use events::envelope::{EventMeta, RawEnvelope};
use uuid::Uuid;

use crate::consumers::Message;

/// An event on its way into one consumer.
#[derive(Debug, Clone)]
pub struct Received<E> {
    /// The fact.
    pub body: E,
    /// The event's id, the same in every delivery.
    pub id: Uuid,
    /// When the fact happened, by the producer's clock.
    pub time: DateTime<Utc>,
    /// The aggregate's version after it; a consumer ignores what is older than it knows.
    pub aggregate_version: i64,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Its place in the trace of what caused it. A function that applies one event runs in it; one that applies many enters it
    /// for what it does about this one.
    pub context: Context,
    /// The consumer's name, its key in the inbox.
    pub(crate) consumer: Arc<str>,
}

impl<E: Event> Received<E> {
    /// A first delivery to `consumer`, such as `orders.on_payment_succeeded`, past the broker.
    #[must_use]
    pub fn first(consumer: &str, body: E, meta: &EventMeta) -> Self {
        let trace = meta.traceparent.as_deref().and_then(TraceParent::parse);
        Self {
            body,
            id: meta.id,
            time: meta.time,
            aggregate_version: meta.aggregate_version,
            attempt: 1,
            context: Context::new(
                &meta.id.to_string(),
                trace.unwrap_or_else(|| TraceParent::random(false)),
            ),
            consumer: Arc::from(consumer),
        }
    }

    /// Opens an envelope.
    pub(crate) fn open(consumer: &Arc<str>, message: Message) -> Result<Self, ConsumeError> {
        let hopeless = |error: &dyn std::fmt::Display| ConsumeError::Hopeless(error.to_string());
        let envelope: RawEnvelope =
            serde_json::from_slice(&message.body).map_err(|error| hopeless(&error))?;
        Ok(Self {
            body: envelope.open().map_err(|error| hopeless(&error))?,
            id: envelope.id,
            time: envelope.time,
            aggregate_version: envelope.aggregateversion,
            attempt: message.attempt,
            context: message.context,
            consumer: Arc::clone(consumer),
        })
    }
}

/// Refuses a batch of which two events are about the same thing; such events are applied one by one. For functions that read
/// what they decide on once, before they decide on any.
///
/// # Errors
/// [`ConsumeError::Transient`], if a thing comes twice.
pub fn each_about_another<T: Eq + Hash>(
    things: impl IntoIterator<Item = T>,
) -> Result<(), ConsumeError> {
    let mut seen = HashSet::new();
    if things.into_iter().all(|thing| seen.insert(thing)) {
        return Ok(());
    }
    let cause = "two events of a batch are about the same thing".to_owned();
    Err(ConsumeError::Transient(cause))
}

/// What a consumer did. The delivery is acknowledged in each case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The effect is there.
    Applied,
    /// It was there before: the inbox knows the event.
    Duplicate,
    /// What is known is newer than the event.
    Stale,
}

impl Outcome {
    /// The name in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Duplicate => "duplicate",
            Self::Stale => "stale",
        }
    }
}

/// Why a consumer did nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConsumeError {
    /// The own database, or a service that the effect needs, is away. That is not the event's fault:
    /// no attempt is spent, and the consumer waits.
    #[error("waiting: {0}")]
    Unavailable(String),
    /// It may work later: costs one of five attempts.
    #[error("{0}")]
    Transient(String),
    /// It will never work: a dead letter at once.
    #[error("{0}")]
    Hopeless(String),
}

impl From<DbError> for ConsumeError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(cause) => Self::Unavailable(cause),
            DbError::Conflict(cause) => Self::Transient(cause),
            DbError::Query(cause) => Self::Transient(cause.to_string()),
        }
    }
}

impl From<diesel::result::Error> for ConsumeError {
    fn from(error: diesel::result::Error) -> Self {
        DbError::from(error).into()
    }
}

impl From<CallError> for ConsumeError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Unavailable { .. } => Self::Unavailable(error.to_string()),
            CallError::Refused { .. } => Self::Transient(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::auth::UserVerified;

    #[test]
    fn what_cannot_be_read_is_hopeless() {
        let consumer = Arc::from("admin.on_user_verified");
        for body in [
            "",
            "{}",
            "[1]",
            "\u{0}",
            r#"{"specversion":"1.0","id":"x"}"#,
        ] {
            let message = Message {
                body: Arc::from(body.as_bytes()),
                attempt: 1,
                context: Context::background(),
            };
            let opened = Received::<UserVerified>::open(&consumer, message);
            assert!(matches!(opened, Err(ConsumeError::Hopeless(_))), "{body}");
        }
    }
}
