//! What a use case leaves behind beside its state, in the same transaction: events and audit entries.

use chrono::{DateTime, Utc};
use common::auth::CurrentUser;
use common::{context, ids};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use events::Event;
use messaging::audit::{self, AuditEntry};
use messaging::{EventMeta, outbox};
use serde_json::Value;

use crate::SERVICE;

/// Records what happens during one use case: when, and for which request or event.
#[derive(Debug, Clone)]
pub(crate) struct Trail {
    now: DateTime<Utc>,
    request_id: Option<String>,
    traceparent: Option<String>,
}

impl Trail {
    /// A trail of what is being handled.
    pub(crate) fn new(now: DateTime<Utc>) -> Self {
        let request = context::current();
        Self {
            now,
            request_id: request.as_ref().map(|c| c.request_id.to_string()),
            traceparent: request.as_ref().map(|c| c.trace.header()),
        }
    }

    /// When it happens.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The place in the trace, for whatever is done later because of this.
    pub(crate) fn traceparent(&self) -> Option<String> {
        self.traceparent.clone()
    }

    /// What stands on the envelope of an event. A mail ends once, so there is only ever one version of it.
    pub(crate) fn meta(&self) -> EventMeta {
        EventMeta {
            id: ids::new_id(),
            service: SERVICE.name,
            time: self.now,
            aggregate_version: 1,
            traceparent: self.traceparent.clone(),
        }
    }

    /// Promises to publish an event.
    pub(crate) async fn event<E: Event>(
        &self,
        conn: &mut AsyncPgConnection,
        event: &E,
    ) -> QueryResult<()> {
        outbox::append(conn, event, &self.meta()).await
    }

    /// Writes what a member of staff did to a mail, or to all of them (`*`). `facts` hold no addresses.
    pub(crate) async fn audit(
        &self,
        conn: &mut AsyncPgConnection,
        actor: &CurrentUser,
        action: &str,
        entity_id: &str,
        facts: Value,
    ) -> QueryResult<()> {
        let entry = AuditEntry {
            id: ids::new_id(),
            service: SERVICE.name,
            occurred_at: self.now,
            actor_id: Some(actor.id),
            actor_role: actor.role.name().to_owned(),
            action: action.to_owned(),
            entity_type: "notification".to_owned(),
            entity_id: entity_id.to_owned(),
            metadata: facts,
            request_id: self.request_id.clone(),
            traceparent: self.traceparent.clone(),
        };
        audit::record(conn, entry).await
    }
}
