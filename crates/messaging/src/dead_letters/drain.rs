//! Taking dead letters out of the broker, where nobody looks at them.

use std::sync::Arc;
use std::time::Duration;

use common::crypto::sha256;
use common::database::DbError;
use events::RawEnvelope;
use futures_util::StreamExt as _;
use lapin::Connection;
use lapin::message::Delivery;
use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::{AMQPValue, FieldTable};
use serde_json::{Map, Value};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::store::{NewDeadLetter, insert};
use crate::broker::{BrokerError, within_deadline};
use crate::message;
use crate::work::{IDLE, Work, acknowledge};

const PREFETCH: u16 = 50;
/// How long to wait for a database that is away.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// What a letter says that the broker itself gave up.
const DELIVERED_TOO_OFTEN: &str = "delivered too often without an answer";

/// Moves one consumer's dead letters into the table, for as long as the connection lives.
pub(crate) async fn drain(
    work: Arc<Work>,
    connection: Arc<Connection>,
    consumer: Arc<str>,
    stop: CancellationToken,
) -> Result<(), BrokerError> {
    loop {
        let drained = drain_channel(&work, &connection, &consumer, &stop).await;
        if stop.is_cancelled() {
            return Ok(());
        }
        if !connection.status().connected() {
            return drained.and(Err(BrokerError::Silent));
        }
        work.broker.suspect_if_silent(&drained);
        sleep(AGAIN_AFTER).await;
    }
}

async fn drain_channel(
    work: &Work,
    connection: &Connection,
    consumer: &str,
    stop: &CancellationToken,
) -> Result<(), BrokerError> {
    let topology = &work.broker.topology;
    let channel = within_deadline(connection.create_channel()).await?;
    topology.declare_queues(&channel, consumer).await?;
    within_deadline(channel.basic_qos(PREFETCH, BasicQosOptions::default())).await?;
    let queue = topology.dead_queue(consumer);
    let options = BasicConsumeOptions::default();
    let letters = channel.basic_consume(
        queue.as_str().into(),
        "".into(),
        options,
        FieldTable::default(),
    );
    let letters = within_deadline(letters).await?;
    let mut letters = Box::pin(letters.take_until(stop.cancelled()));
    while let Ok(Some(delivery)) = timeout(IDLE, letters.next()).await {
        let delivery = delivery?;
        while let Err(error) = store(work, consumer, &delivery).await {
            tracing::warn!(queue, cause = %error, "a dead letter could not be stored; trying again");
            tokio::select! {
                () = sleep(AGAIN_AFTER) => {}
                () = stop.cancelled() => return Ok(()),
            }
        }
        acknowledge(&delivery, false).await;
    }
    within_deadline(channel.close(200, "idle".into())).await
}

async fn store(work: &Work, consumer: &str, delivery: &Delivery) -> Result<(), DbError> {
    let properties = &delivery.properties;
    let reason = message::text_header(properties, message::REASON);
    let kind = properties.kind().as_ref().map(ToString::to_string);
    let letter = NewDeadLetter {
        id: letter_id(consumer, delivery),
        consumer,
        event_id: event_id(delivery),
        event_type: kind.as_deref().map(without_nul),
        body: &delivery.data,
        headers: Value::Object(headers(delivery)),
        reason: without_nul(reason.as_deref().unwrap_or(DELIVERED_TOO_OFTEN)),
        attempts: i32::try_from(message::attempt(properties)).unwrap_or(i32::MAX),
    };
    let mut conn = work.db.get().await?;
    Ok(insert(&mut conn, &letter).await?)
}

/// The same letter has the same id in every delivery; sent back and given up again it is another one.
fn letter_id(consumer: &str, delivery: &Delivery) -> Uuid {
    let redriven = message::text_header(&delivery.properties, message::REDRIVEN);
    let mut identity = format!("{consumer}\0{}\0", redriven.unwrap_or_default()).into_bytes();
    identity.extend(
        delivery
            .properties
            .message_id()
            .iter()
            .flat_map(|id| id.as_str().bytes()),
    );
    identity.push(0);
    identity.extend(&delivery.data);
    let hash = sha256(&identity);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(hash.first_chunk::<16>().unwrap_or(&[0; 16]));
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// What the envelope says counts, then what the message says.
fn event_id(delivery: &Delivery) -> Option<Uuid> {
    let inside = serde_json::from_slice::<RawEnvelope>(&delivery.data)
        .ok()
        .map(|envelope| envelope.id);
    inside.or_else(|| {
        delivery
            .properties
            .message_id()
            .as_ref()?
            .as_str()
            .parse()
            .ok()
    })
}

fn headers(delivery: &Delivery) -> Map<String, Value> {
    let headers = delivery.properties.headers().clone().unwrap_or_default();
    let shown = |value: &AMQPValue| match value {
        AMQPValue::LongString(text) => Value::String(without_nul(&text.to_string())),
        AMQPValue::ShortString(text) => Value::String(without_nul(text.as_str())),
        AMQPValue::LongUInt(number) => Value::from(*number),
        AMQPValue::LongInt(number) => Value::from(*number),
        AMQPValue::LongLongInt(number) => Value::from(*number),
        AMQPValue::Boolean(is) => Value::from(*is),
        other => Value::String(without_nul(&format!("{other:?}"))),
    };
    headers
        .inner()
        .iter()
        .map(|(name, value)| (without_nul(name.as_str()), shown(value)))
        .collect()
}

/// PostgreSQL stores no NUL in text, and a stranger's message may hold anything.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
