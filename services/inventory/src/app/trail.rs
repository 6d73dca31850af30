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

    /// Promises to publish events of one kind, each with its aggregate's version.
    pub(crate) async fn events<E: Event>(
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

    fn meta(&self, aggregate_version: i64) -> EventMeta {
        EventMeta {
            id: ids::new_id(),
            service: SERVICE.name,
            time: self.now,
            aggregate_version,
            traceparent: self.traceparent.clone(),
        }
    }

    /// Writes what a member of staff did to a stock item.
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
            entity_type: "stock_item".to_owned(),
            entity_id: entity_id.to_owned(),
            metadata: facts,
            request_id: self.request_id.clone(),
            traceparent: self.traceparent.clone(),
        };
        audit::record(conn, entry).await
    }
}
