//! Audit entries: who did what to which thing.

use chrono::{DateTime, Utc};
use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use events::envelope::EventMeta;
use events::shared::AuditRecorded;
use serde_json::Value;
use uuid::Uuid;

use crate::outbox;
use crate::schema::audit_events;

/// Something that somebody did and that must stay known.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// A fresh UUIDv7; the `audit.recorded` event gets the same one.
    pub id: Uuid,
    /// The service that records it, such as `auth`.
    pub service: &'static str,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// Who did it; none when nobody was logged in or the system acted.
    pub actor_id: Option<Uuid>,
    /// The role they acted in, or `anonymous`, or `system`.
    pub actor_role: String,
    /// What was done, as `noun.past_participle`, such as `session.revoked`.
    pub action: String,
    /// What kind of thing it was done to, such as `user`.
    pub entity_type: String,
    /// Which one.
    pub entity_id: String,
    /// Facts about it: ids, amounts, states; no names, addresses or secrets. Use integers and
    /// strings, since a float has no canonical text.
    pub metadata: Value,
    /// The request that led to it.
    pub request_id: Option<String>,
    /// The `traceparent` of that request.
    pub traceparent: Option<String>,
}

/// Writes the entry and its `audit.recorded` event in the caller's transaction.
///
/// # Errors
/// Those of the database.
pub async fn record(conn: &mut AsyncPgConnection, entry: AuditEntry) -> QueryResult<()> {
    let (event, meta) = told(entry);
    diesel::insert_into(audit_events::table)
        .values((
            audit_events::id.eq(event.audit_id),
            audit_events::occurred_at.eq(event.occurred_at),
            audit_events::actor_id.eq(event.actor_id),
            audit_events::actor_role.eq(&event.actor_role),
            audit_events::action.eq(&event.action),
            audit_events::entity_type.eq(&event.entity_type),
            audit_events::entity_id.eq(&event.entity_id),
            audit_events::metadata.eq(&event.metadata),
            audit_events::request_id.eq(event.request_id.as_deref()),
        ))
        .execute(conn)
        .await?;
    outbox::append(conn, &event, &meta).await
}

/// The same for what happened together, in one statement each.
///
/// # Errors
/// Those of the database.
pub async fn record_all(
    conn: &mut AsyncPgConnection,
    entries: impl IntoIterator<Item = AuditEntry>,
) -> QueryResult<()> {
    const SQL: &str = "INSERT INTO audit_events (id, occurred_at, actor_id, actor_role, action, entity_type, entity_id,
             metadata, request_id)
         SELECT * FROM unnest(?, ?, ?::uuid[], ?, ?, ?, ?, ?, ?)";
    let told: Vec<_> = entries.into_iter().map(told).collect();
    let events = || told.iter().map(|(event, _)| event);
    let texts = |of: fn(&AuditRecorded) -> &String| events().map(of).cloned().collect::<Vec<_>>();
    Statement::new(SQL)
        .bind::<Array<SqlUuid>, _>(events().map(|event| event.audit_id).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(events().map(|event| event.occurred_at).collect::<Vec<_>>())
        .bind::<Array<Nullable<SqlUuid>>, _>(
            events().map(|event| event.actor_id).collect::<Vec<_>>(),
        )
        .bind::<Array<Text>, _>(texts(|event| &event.actor_role))
        .bind::<Array<Text>, _>(texts(|event| &event.action))
        .bind::<Array<Text>, _>(texts(|event| &event.entity_type))
        .bind::<Array<Text>, _>(texts(|event| &event.entity_id))
        .bind::<Array<Text>, _>(texts(|event| &event.metadata))
        .bind::<Array<Nullable<Text>>, _>(
            events()
                .map(|event| event.request_id.clone())
                .collect::<Vec<_>>(),
        )
        .execute(conn)
        .await?;
    outbox::append_all(conn, &told).await
}

/// The event that tells of an entry, and what stands on its envelope.
fn told(entry: AuditEntry) -> (AuditRecorded, EventMeta) {
    let metadata = canonical_json(&entry.metadata);
    let meta = EventMeta {
        id: entry.id,
        service: entry.service,
        time: entry.occurred_at,
        aggregate_version: 1,
        traceparent: entry.traceparent,
    };
    let event = AuditRecorded {
        audit_id: entry.id,
        occurred_at: entry.occurred_at,
        actor_id: entry.actor_id,
        actor_role: entry.actor_role,
        action: entry.action,
        entity_type: entry.entity_type,
        entity_id: entry.entity_id,
        metadata,
        request_id: entry.request_id,
    };
    (event, meta)
}

/// JSON without spaces and with sorted keys, so that equal facts have equal bytes.
///
/// NUL becomes the replacement character: PostgreSQL stores it neither in text nor in `jsonb`, and
/// an entry must not be lost because somebody sent one.
pub fn canonical_json(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            // Sorted here and not by the map: a feature of the JSON crate decides what order a map
            // keeps, and any dependency may switch it on.
            fields.sort_by_key(|(name, _)| *name);
            write_separated(fields, ('{', '}'), out, |(name, field), out| {
                write_string(name, out);
                out.push(':');
                write_canonical(field, out);
            });
        }
        Value::Array(items) => write_separated(items, ('[', ']'), out, write_canonical),
        Value::String(text) => write_string(text, out),
        Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push_str(&Value::String(text.replace('\0', "\u{fffd}")).to_string());
}

fn write_separated<T>(
    items: impl IntoIterator<Item = T>,
    (open, close): (char, char),
    out: &mut String,
    write: impl Fn(T, &mut String),
) {
    out.push(open);
    for (position, item) in items.into_iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn equal_facts_have_equal_bytes() {
        let one = json!({"to": "admin", "from": "customer", "ids": [2, 1], "note": null});
        assert_eq!(
            canonical_json(&one),
            r#"{"from":"customer","ids":[2,1],"note":null,"to":"admin"}"#
        );
    }

    #[test]
    fn a_nul_is_replaced_also_in_a_name() {
        assert_eq!(
            canonical_json(&json!({"a\0": "b\0\"\n"})),
            "{\"a\u{fffd}\":\"b\u{fffd}\\\"\\n\"}"
        );
    }
}
