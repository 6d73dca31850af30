//! What a use case leaves behind beside its state, in the same transaction: events and audit entries.

use chrono::{DateTime, Utc};
use common::auth::CurrentUser;
use common::{context, ids};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use events::Event;
use serde_json::Value;
use uuid::Uuid;

use crate::audit::{self, AuditEntry};
use crate::{EventMeta, outbox};

/// Records what happens during one use case: when, and for which request or event.
#[derive(Debug, Clone)]
pub struct Trail {
    service: &'static str,
    now: DateTime<Utc>,
    request_id: Option<String>,
    traceparent: Option<String>,
}

impl Trail {
    /// A trail of what a service is handling.
    #[must_use]
    pub fn new(service: &'static str, now: DateTime<Utc>) -> Self {
        let request = context::current();
        Self {
            service,
            now,
            request_id: request.as_ref().map(|c| c.request_id.to_string()),
            traceparent: request.as_ref().map(|c| c.trace.header()),
        }
    }

    /// When it happens.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// What stands on the envelope of an event about something at this version.
    #[must_use]
    pub fn meta(&self, aggregate_version: i64) -> EventMeta {
        EventMeta {
            id: ids::new_id(),
            service: self.service,
            time: self.now,
            aggregate_version,
            traceparent: self.traceparent.clone(),
        }
    }

    /// Promises to publish an event about something at `version`.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn event<E: Event>(
        &self,
        conn: &mut AsyncPgConnection,
        event: &E,
        version: i64,
    ) -> QueryResult<()> {
        outbox::append(conn, event, &self.meta(version)).await
    }

    /// Promises to publish events of one kind, each with its aggregate's version.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn events<E: Event>(
        &self,
        conn: &mut AsyncPgConnection,
        events: impl IntoIterator<Item = (E, i64)>,
    ) -> QueryResult<()> {
        let events: Vec<(E, EventMeta)> = events
            .into_iter()
            .map(|(event, version)| (event, self.meta(version)))
            .collect();
        if events.is_empty() {
            return Ok(());
        }
        outbox::append_all(conn, &events).await
    }

    /// Writes what a member of staff did: `entity` is its kind and its id. `facts` hold ids and states; no names, addresses
    /// or secrets.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn audit(
        &self,
        conn: &mut AsyncPgConnection,
        actor: &CurrentUser,
        action: &str,
        entity: (&str, String),
        facts: Value,
    ) -> QueryResult<()> {
        let actor = (Some(actor.id), actor.role.name());
        audit::record(conn, self.entry(actor, action, entity, facts)).await
    }

    /// Writes what happened by itself, under the same rules.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn audit_system(
        &self,
        conn: &mut AsyncPgConnection,
        action: &str,
        entity: (&str, String),
        facts: Value,
    ) -> QueryResult<()> {
        audit::record(conn, self.system_entry(action, entity, facts)).await
    }

    /// The entry about what happened by itself, to be written together with others: see [`audit::record_all`].
    #[must_use]
    pub fn system_entry(&self, action: &str, entity: (&str, String), facts: Value) -> AuditEntry {
        self.entry((None, "system"), action, entity, facts)
    }

    fn entry(
        &self,
        (actor_id, actor_role): (Option<Uuid>, &str),
        action: &str,
        (entity_type, entity_id): (&str, String),
        metadata: Value,
    ) -> AuditEntry {
        AuditEntry {
            id: ids::new_id(),
            service: self.service,
            occurred_at: self.now,
            actor_id,
            actor_role: actor_role.to_owned(),
            action: action.to_owned(),
            entity_type: entity_type.to_owned(),
            entity_id,
            metadata,
            request_id: self.request_id.clone(),
            traceparent: self.traceparent.clone(),
        }
    }
}
