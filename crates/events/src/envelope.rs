//! The envelope around every event, and the trait that makes a type an event.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

/// The CloudEvents version that every envelope states.
pub const SPEC_VERSION: &str = "1.0";

/// The content type of every message: an envelope in structured mode.
pub const CONTENT_TYPE: &str = "application/cloudevents+json";

/// The content type of every event's data.
pub const DATA_CONTENT_TYPE: &str = "application/json";

/// A fact that a service publishes; implemented by the payload types of this crate.
///
/// An event only ever gains optional fields. A change of meaning is a new type with a new routing
/// key (`order.created.v2`), and both are published until nobody subscribes to the first.
pub trait Event: Serialize + DeserializeOwned {
    /// The CloudEvents `type`, which is also the routing key: `noun.past_participle`.
    const TYPE: &'static str;
    /// The schema version that the envelope's `dataschema` names.
    const VERSION: u16;
    /// The kind of thing the fact is about, such as `user`; order is promised per aggregate only.
    const AGGREGATE: &'static str;

    /// The id of the thing the fact is about.
    fn aggregate_id(&self) -> Uuid;
}

/// A CloudEvents 1.0 envelope in structured mode, with its data parsed as `T`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Envelope<T> {
    /// Always [`SPEC_VERSION`].
    pub specversion: String,
    /// The event's id, a UUIDv7 made in the producer's transaction; consumers deduplicate by it.
    pub id: Uuid,
    /// The producing service as a URI reference, such as `/agape/auth`.
    pub source: String,
    /// The event's type, equal to the routing key.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The aggregate as `kind/id`, such as `user/0199…`.
    pub subject: String,
    /// When the fact happened, by the producer's clock, in UTC.
    pub time: DateTime<Utc>,
    /// Always [`DATA_CONTENT_TYPE`].
    pub datacontenttype: String,
    /// The URI of the data's schema; its last part is the file name under `proto-docs/events`.
    pub dataschema: String,
    /// The W3C trace context of the request that caused the event, if it was traced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The aggregate's version after the change; a consumer ignores what is older than it knows.
    pub aggregateversion: i64,
    /// The fact itself.
    pub data: T,
}

/// An envelope whose data has not been parsed yet, because its type decides into what.
pub type RawEnvelope = Envelope<Box<RawValue>>;

/// What the producer knows about an event beside its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventMeta {
    /// The event's id: a fresh UUIDv7.
    pub id: Uuid,
    /// The producing service's name, such as `auth`.
    pub service: &'static str,
    /// When the fact happened.
    pub time: DateTime<Utc>,
    /// The aggregate's version after the change; 1 for an aggregate that never changes.
    pub aggregate_version: i64,
    /// The `traceparent` of the current request, if there is one.
    pub traceparent: Option<String>,
}

impl<'a, T: Event> Envelope<&'a T> {
    /// Wraps an event for publication.
    pub fn wrap(event: &'a T, meta: &EventMeta) -> Self {
        Self {
            specversion: SPEC_VERSION.to_owned(),
            id: meta.id,
            source: format!("/agape/{}", meta.service),
            event_type: T::TYPE.to_owned(),
            subject: format!("{}/{}", T::AGGREGATE, event.aggregate_id()),
            time: meta.time,
            datacontenttype: DATA_CONTENT_TYPE.to_owned(),
            dataschema: schema_uri::<T>(),
            traceparent: meta.traceparent.clone(),
            aggregateversion: meta.aggregate_version,
            data: event,
        }
    }
}

/// Why an envelope could not be opened as the event that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The envelope carries another type.
    #[error("expected an event of type {expected}, got {actual}")]
    WrongType {
        /// The type that was asked for.
        expected: &'static str,
        /// The type in the envelope.
        actual: String,
    },
    /// The envelope names a schema that this build does not know.
    #[error("unknown schema {0}")]
    UnknownVersion(String),
    /// The data does not have the shape of its schema.
    #[error("unreadable data: {0}")]
    Data(#[from] serde_json::Error),
}

impl RawEnvelope {
    /// Parses the data as `T`, after checking the type and the schema version.
    ///
    /// # Errors
    /// See [`OpenError`]; none of its cases is mended by trying again.
    pub fn open<T: Event>(&self) -> Result<T, OpenError> {
        if self.event_type != T::TYPE {
            return Err(OpenError::WrongType {
                expected: T::TYPE,
                actual: self.event_type.clone(),
            });
        }
        if self.dataschema != schema_uri::<T>() {
            return Err(OpenError::UnknownVersion(self.dataschema.clone()));
        }
        Ok(serde_json::from_str(self.data.get())?)
    }
}

/// The file name of an event's schema under `proto-docs/events`.
pub fn schema_file(event_type: &str, version: u16) -> String {
    let suffix = format!(".v{version}");
    let name = event_type.strip_suffix(&suffix).unwrap_or(event_type);
    format!("{name}.v{version}.json")
}

/// The absolute URI that an envelope of `T` gives as `dataschema`.
pub fn schema_uri<T: Event>() -> String {
    format!("urn:agape:events:{}", schema_file(T::TYPE, T::VERSION))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{UserRegistered, UserVerified};

    fn registered() -> (UserRegistered, EventMeta) {
        let event = UserRegistered {
            user_id: Uuid::from_u128(7),
            role: "customer".to_owned(),
        };
        let meta = EventMeta {
            id: Uuid::from_u128(1),
            service: "auth",
            time: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
            aggregate_version: 3,
            traceparent: None,
        };
        (event, meta)
    }

    #[test]
    fn the_wire_form_is_pinned() {
        let (event, meta) = registered();
        let text = serde_json::to_string(&Envelope::wrap(&event, &meta)).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"specversion":"1.0","id":"00000000-0000-0000-0000-000000000001","#,
                r#""source":"/agape/auth","type":"user.registered","#,
                r#""subject":"user/00000000-0000-0000-0000-000000000007","#,
                r#""time":"2023-11-14T22:13:20Z","datacontenttype":"application/json","#,
                r#""dataschema":"urn:agape:events:user.registered.v1.json","#,
                r#""aggregateversion":3,"#,
                r#""data":{"userId":"00000000-0000-0000-0000-000000000007","role":"customer"}}"#
            )
        );
    }

    #[test]
    fn a_published_envelope_opens_as_its_own_type_only() {
        let (event, meta) = registered();
        let text = serde_json::to_string(&Envelope::wrap(&event, &meta)).unwrap();
        let raw: RawEnvelope = serde_json::from_str(&text).unwrap();
        assert_eq!(raw.open::<UserRegistered>().unwrap(), event);
        assert!(matches!(
            raw.open::<UserVerified>(),
            Err(OpenError::WrongType { .. })
        ));
    }

    #[test]
    fn an_unknown_schema_version_is_refused() {
        let (event, meta) = registered();
        let text = serde_json::to_string(&Envelope::wrap(&event, &meta)).unwrap();
        let raw: RawEnvelope = serde_json::from_str(&text.replace(".v1.json", ".v9.json")).unwrap();
        assert!(matches!(
            raw.open::<UserRegistered>(),
            Err(OpenError::UnknownVersion(_))
        ));
    }

    #[test]
    fn a_later_optional_field_does_not_break_an_older_reader() {
        let (event, meta) = registered();
        let text = serde_json::to_string(&Envelope::wrap(&event, &meta)).unwrap();
        let text = text.replace(r#""role":"customer""#, r#""role":"customer","added":true"#);
        let raw: RawEnvelope = serde_json::from_str(&text).unwrap();
        assert_eq!(raw.open::<UserRegistered>().unwrap(), event);
    }

    #[test]
    fn a_versioned_type_does_not_repeat_its_version_in_the_file_name() {
        assert_eq!(schema_file("order.created", 1), "order.created.v1.json");
        assert_eq!(schema_file("order.created.v2", 2), "order.created.v2.json");
    }
}
