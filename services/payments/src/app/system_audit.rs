//! Audit entries of what nobody in particular did.

use common::{context, ids};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use messaging::Trail;
use messaging::audit::{self, AuditEntry};
use serde_json::Value;

use crate::SERVICE;

/// Writes what the system did: `entity` is its kind and its id. `facts` hold ids, amounts and states only.
pub(super) async fn record(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    action: &str,
    entity: (&str, String),
    facts: Value,
) -> QueryResult<()> {
    let (entity_type, entity_id) = entity;
    let entry = AuditEntry {
        id: ids::new_id(),
        service: SERVICE.name,
        occurred_at: trail.now(),
        actor_id: None,
        actor_role: "system".to_owned(),
        action: action.to_owned(),
        entity_type: entity_type.to_owned(),
        entity_id,
        metadata: facts,
        request_id: context::with_current(|context| context.request_id.to_string()),
        traceparent: trail.meta(1).traceparent,
    };
    audit::record(conn, entry).await
}
