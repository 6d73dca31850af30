//! What travels beside an event's envelope: properties and headers.

use common::context::TraceParent;
use events::envelope::CONTENT_TYPE;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};

/// Survives a restart of the broker.
const PERSISTENT: u8 = 2;

/// W3C trace context of whoever sent the message.
pub(crate) const TRACEPARENT: &str = "traceparent";
/// Which attempt this delivery is; absent on the first.
pub(crate) const ATTEMPT: &str = "x-attempt";
/// Why a delivery was given up.
pub(crate) const REASON: &str = "x-reason";
/// The dead letter that was sent back to its queue.
pub(crate) const REDRIVEN: &str = "x-redriven";

/// The type of the message that stands first in a queue made anew: whoever reads it asks the
/// producers for what the queue has missed.
pub(crate) const QUEUE_CREATED: &str = "agape.queue_created";

/// Properties of an event's first publication.
pub(crate) fn properties(
    id: &str,
    event_type: &str,
    trace: Option<TraceParent>,
) -> BasicProperties {
    let mut headers = FieldTable::default();
    if let Some(trace) = trace {
        headers.insert(TRACEPARENT.into(), text(&trace.header()));
    }
    BasicProperties::default()
        .with_content_type(CONTENT_TYPE.into())
        .with_delivery_mode(PERSISTENT)
        .with_message_id(id.into())
        .with_type(event_type.into())
        .with_headers(headers)
}

/// The same properties with one header more, or another value of it.
pub(crate) fn with_header(
    properties: &BasicProperties,
    name: &str,
    value: AMQPValue,
) -> BasicProperties {
    let mut headers = properties.headers().clone().unwrap_or_default();
    headers.insert(name.into(), value);
    properties
        .clone()
        .with_delivery_mode(PERSISTENT)
        .with_headers(headers)
}

/// A header that holds text.
pub(crate) fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

/// Reads a header that holds text.
pub(crate) fn text_header(properties: &BasicProperties, name: &str) -> Option<String> {
    match properties.headers().as_ref()?.inner().get(name)? {
        AMQPValue::LongString(value) => Some(value.to_string()),
        AMQPValue::ShortString(value) => Some(value.to_string()),
        _ => None,
    }
}

/// The attempt that a delivery is, from 1.
pub(crate) fn attempt(properties: &BasicProperties) -> u32 {
    let header = || properties.headers().as_ref()?.inner().get(ATTEMPT);
    match header() {
        Some(AMQPValue::LongUInt(attempt)) => (*attempt).max(1),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_delivery_is_attempt_one_and_keeps_its_trace_on_the_next() {
        let trace = TraceParent::random(true);
        let first = properties("1", "user.verified", Some(trace));
        assert_eq!(attempt(&first), 1);
        let second = with_header(&first, ATTEMPT, AMQPValue::LongUInt(2));
        assert_eq!(attempt(&second), 2);
        assert_eq!(text_header(&second, TRACEPARENT), Some(trace.header()));
        assert_eq!(second.message_id(), first.message_id());
    }
}
