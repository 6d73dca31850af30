//! What a use case leaves behind beside its state, in the same transaction: events, audit entries, mails to send.

use chrono::{DateTime, Utc};
use common::{context, ids};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use events::Event;
use events::auth::{MailKind, MailRequested};
use messaging::audit::{self, AuditEntry};
use messaging::{EventMeta, outbox};
use serde_json::Value;

use crate::SERVICE;
use crate::domain::ids::UserId;
use crate::store;

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    /// A signed-in person, in a role.
    User(UserId, common::auth::Role),
    /// Somebody who is not signed in.
    Anonymous,
    /// The service itself: a timer, an operator's command, an event.
    System,
}

/// Records what happens during one use case: when, by whom, and for which request.
#[derive(Debug, Clone)]
pub(crate) struct Trail {
    now: DateTime<Utc>,
    actor: Actor,
    request_id: Option<String>,
    traceparent: Option<String>,
}

impl Trail {
    /// A trail of the request being handled, if there is one.
    pub(crate) fn new(actor: Actor, now: DateTime<Utc>) -> Self {
        let request = context::current();
        Self {
            now,
            actor,
            request_id: request.as_ref().map(|c| c.request_id.to_string()),
            traceparent: request.as_ref().map(|c| c.trace.header()),
        }
    }

    /// The same trail, once it is known who acts.
    pub(crate) fn by(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    /// When it happens.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Promises to publish an event about an aggregate at `version`.
    pub(crate) async fn event<E: Event>(
        &self,
        conn: &mut AsyncPgConnection,
        event: &E,
        version: i64,
    ) -> QueryResult<()> {
        let meta = EventMeta {
            id: ids::new_id(),
            service: SERVICE.name,
            time: self.now,
            aggregate_version: version,
            traceparent: self.traceparent.clone(),
        };
        outbox::append(conn, event, &meta).await
    }

    /// Writes an audit entry about an account. `facts` hold ids and states; no names, addresses or secrets.
    pub(crate) async fn audit(
        &self,
        conn: &mut AsyncPgConnection,
        action: &str,
        user: UserId,
        facts: Value,
    ) -> QueryResult<()> {
        self.audit_of(conn, action, ("user", &user.to_string()), facts)
            .await
    }

    /// Writes an audit entry about anything: `entity` is its kind and its id.
    pub(crate) async fn audit_of(
        &self,
        conn: &mut AsyncPgConnection,
        action: &str,
        entity: (&str, &str),
        facts: Value,
    ) -> QueryResult<()> {
        let (actor_id, actor_role) = match self.actor {
            Actor::User(id, role) => (Some(id.0), role.name()),
            Actor::Anonymous => (None, "anonymous"),
            Actor::System => (None, "system"),
        };
        let (entity_type, entity_id) = entity;
        let entry = AuditEntry {
            id: ids::new_id(),
            service: SERVICE.name,
            occurred_at: self.now,
            actor_id,
            actor_role: actor_role.to_owned(),
            action: action.to_owned(),
            entity_type: entity_type.to_owned(),
            entity_id: entity_id.to_owned(),
            metadata: facts,
            request_id: self.request_id.clone(),
            traceparent: self.traceparent.clone(),
        };
        audit::record(conn, entry).await
    }

    /// Asks for a mail. `facts` are what it tells beside its link; they are kept here and never enter the event.
    pub(crate) async fn mail(
        &self,
        conn: &mut AsyncPgConnection,
        user: UserId,
        kind: MailKind,
        facts: &Value,
    ) -> QueryResult<()> {
        let mail_id = ids::new_id();
        store::mail_requests::insert(conn, mail_id, user, kind.as_str(), facts, self.now).await?;
        self.event(
            conn,
            &MailRequested {
                mail_id,
                user_id: user.0,
                kind,
            },
            1,
        )
        .await
    }
}
