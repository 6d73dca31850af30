//! Who says and hears what, as an AsyncAPI 3.0 document for other people's tools.
//!
//! It describes the types that have a schema; of the others there is nothing to describe yet.

use serde_json::{Map, Value, json};

use crate::envelope::CONTENT_TYPE;
use crate::schemas;
use crate::subscriptions::{
    Delivery, EVENT_TYPES, EVERY_SERVICE, EXCHANGE, EventType, Subscription, consumers_of,
};

/// The document's file name under `proto-docs/events`, beside the schemas that it refers to.
pub const ASYNCAPI_FILE: &str = "asyncapi.json";

const ASYNCAPI_VERSION: &str = "3.0.0";
/// The version of the AMQP bindings that tools know.
const BINDING_VERSION: &str = "0.3.0";

/// The document.
pub fn asyncapi() -> Value {
    let mut channels = Map::new();
    let mut operations = Map::new();
    let mut messages = Map::new();
    for (file, schema) in schemas() {
        let Some(known) = type_of(&schema) else {
            continue;
        };
        let name = known.name.to_owned();
        messages.insert(name.clone(), message(known, &file, &schema));
        channels.insert(name, channel(known));
        operations.insert(sender(known), send(known));
        for subscription in consumers_of(known.name) {
            operations.insert(receiver(&subscription), receive(&subscription));
        }
    }
    json!({
        "asyncapi": ASYNCAPI_VERSION,
        "info": {
            "title": "Agape events",
            "version": "1",
            "description": "Facts that services publish. Each is a CloudEvents 1.0 envelope in structured \
                JSON. Delivery is at least once and ordered per aggregate only, by `aggregateversion`: \
                whoever consumes drops the ids it has seen and the versions it is past. An event only ever \
                gains optional fields; a change of meaning is a new type.",
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": { "broker": server() },
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages },
    })
}

fn type_of(schema: &Value) -> Option<&'static EventType> {
    let name = schema.get("title")?.as_str()?;
    EVENT_TYPES.iter().find(|known| known.name == name)
}

fn server() -> Value {
    json!({
        "host": "{host}:{port}",
        "protocol": "amqp",
        "protocolVersion": "0.9.1",
        "description": "The shop's RabbitMQ, which `AMQP__URL` names. With `AMQP__PREFIX` set, that \
            prefix stands before the names of the exchange and of the queues.",
        "variables": {
            "host": { "default": "localhost" },
            "port": { "default": "5672" },
        },
    })
}

fn message(known: &EventType, file: &str, schema: &Value) -> Value {
    json!({
        "name": known.name,
        "title": known.name,
        "summary": fact(schema),
        "contentType": CONTENT_TYPE,
        "payload": { "$ref": format!("./{file}") },
        "headers": {
            "type": "object",
            "properties": {
                "traceparent": {
                    "type": "string",
                    "description": "The W3C trace context of the publication, if the request was traced.",
                },
            },
        },
        "bindings": {
            "amqp": { "messageType": known.name, "bindingVersion": BINDING_VERSION },
        },
    })
}

/// What the payload's own type says that it means.
fn fact(schema: &Value) -> Option<&str> {
    let reference = schema.pointer("/properties/data/$ref")?.as_str()?;
    let payload = schema.pointer(reference.strip_prefix('#')?)?;
    payload.get("description")?.as_str()
}

fn channel(known: &EventType) -> Value {
    json!({
        "address": known.name,
        "servers": [{ "$ref": "#/servers/broker" }],
        "messages": { known.name: { "$ref": format!("#/components/messages/{}", known.name) } },
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {
                    "name": EXCHANGE,
                    "type": "topic",
                    "durable": true,
                    "autoDelete": false,
                },
                "bindingVersion": BINDING_VERSION,
            },
        },
    })
}

fn producer(known: &EventType) -> &'static str {
    match known.producer {
        EVERY_SERVICE => "every_service",
        service => service,
    }
}

/// `auth.send_user_registered`.
fn sender(known: &EventType) -> String {
    format!("{}.send_{}", producer(known), known.name.replace('.', "_"))
}

fn send(known: &EventType) -> Value {
    json!({
        "action": "send",
        "channel": channel_reference(known.name),
        "messages": message_references(known.name),
        "tags": [{ "name": producer(known) }],
        "bindings": { "amqp": { "deliveryMode": 2, "bindingVersion": BINDING_VERSION } },
    })
}

/// The queue's name, which is also the consumer function's. One that hears the same type in both ways
/// has two operations.
fn receiver(subscription: &Subscription) -> String {
    match subscription.delivery {
        Delivery::Work => subscription.queue(),
        Delivery::Broadcast => format!("{}.broadcast", subscription.queue()),
    }
}

fn receive(subscription: &Subscription) -> Value {
    // AsyncAPI has a place for one queue per channel, but each subscriber of a routing key has its own.
    let (summary, queue) = match subscription.delivery {
        Delivery::Work => (
            "Once per service.",
            json!({
                "name": subscription.queue(),
                "durable": true,
                "exclusive": false,
                "autoDelete": false,
            }),
        ),
        Delivery::Broadcast => (
            "Once per process, from a queue that the broker names and that dies with its connection.",
            json!({ "durable": false, "exclusive": true, "autoDelete": true }),
        ),
    };
    let ack = subscription.delivery == Delivery::Work;
    json!({
        "action": "receive",
        "summary": summary,
        "channel": channel_reference(subscription.event_type),
        "messages": message_references(subscription.event_type),
        "tags": [{ "name": subscription.service }],
        "bindings": { "amqp": { "ack": ack, "bindingVersion": BINDING_VERSION } },
        "x-queue": queue,
    })
}

fn channel_reference(event_type: &str) -> Value {
    json!({ "$ref": format!("#/channels/{event_type}") })
}

fn message_references(event_type: &str) -> Value {
    json!([{ "$ref": format!("#/channels/{event_type}/messages/{event_type}") }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subscriptions::subscriptions;
    use std::collections::BTreeSet;

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    match value {
                        Value::String(reference) if key == "$ref" => found.push(reference.clone()),
                        other => references(other, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = asyncapi();
        let files: BTreeSet<String> = schemas().into_iter().map(|(file, _)| file).collect();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 4 * files.len(), "{found:?}");
        for reference in found {
            let leads = match reference.strip_prefix('#') {
                Some(pointer) => document.pointer(pointer).is_some(),
                None => reference
                    .strip_prefix("./")
                    .is_some_and(|file| files.contains(file)),
            };
            assert!(leads, "{reference} leads nowhere");
        }
    }

    #[test]
    fn every_subscription_of_a_described_type_is_there_with_its_queue() {
        let document = asyncapi();
        let operations = document["operations"].as_object().unwrap();
        let channels = document["channels"].as_object().unwrap();
        let described = subscriptions().filter(|one| channels.contains_key(one.event_type));
        let mut received = 0;
        for subscription in described {
            let operation = &operations[&receiver(&subscription)];
            let queue = operation["x-queue"]["name"].as_str().map(str::to_owned);
            let expected = match subscription.delivery {
                Delivery::Work => Some(subscription.queue()),
                Delivery::Broadcast => None,
            };
            assert_eq!(queue, expected);
            assert_eq!(operation["action"], "receive");
            let channel = format!("#/channels/{}", subscription.event_type);
            assert_eq!(operation["channel"]["$ref"], channel);
            received += 1;
        }
        let sent = operations.len() - received;
        assert_eq!(sent, channels.len(), "each type is said by one operation");
        assert_eq!(channels.len(), schemas().len());
    }

    #[test]
    fn every_message_says_what_it_means() {
        for (name, message) in asyncapi()["components"]["messages"].as_object().unwrap() {
            assert!(message["summary"].is_string(), "{name} does not");
        }
    }
}
