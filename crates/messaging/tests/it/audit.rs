use chrono::DateTime;
use common::ids::new_id;
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use events::RawEnvelope;
use events::shared::AuditRecorded;
use messaging::audit::{self, AuditEntry};
use messaging::schema::{audit_events, outbox};
use serde_json::json;
use uuid::Uuid;

use crate::database::{connect, start};

fn entry() -> AuditEntry {
    AuditEntry {
        id: new_id(),
        service: "orders",
        occurred_at: DateTime::from_timestamp(1_768_478_400, 0).unwrap(),
        actor_id: Some(Uuid::from_u128(7)),
        actor_role: "admin".to_owned(),
        action: "user.role_changed".to_owned(),
        entity_type: "user".to_owned(),
        entity_id: Uuid::from_u128(8).to_string(),
        metadata: json!({"to": "merchant", "from": "customer\0"}),
        request_id: Some("request-1".to_owned()),
        traceparent: None,
    }
}

#[tokio::test]
async fn one_call_leaves_a_row_and_an_event_with_the_same_facts() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let entry = entry();
    audit::record(&mut conn, entry.clone()).await.unwrap();

    let metadata: String = audit_events::table
        .find(entry.id)
        .select(audit_events::metadata)
        .get_result(&mut conn)
        .await
        .unwrap();
    assert_eq!(
        metadata,
        "{\"from\":\"customer\u{fffd}\",\"to\":\"merchant\"}"
    );

    let payload: serde_json::Value = outbox::table
        .filter(outbox::id.eq(entry.id))
        .select(outbox::payload)
        .get_result(&mut conn)
        .await
        .unwrap();
    let envelope: RawEnvelope = serde_json::from_str(&payload.to_string()).unwrap();
    let event: AuditRecorded = envelope.open().unwrap();
    assert_eq!(event.audit_id, entry.id);
    assert_eq!(event.metadata, metadata);
    assert_eq!(event.action, "user.role_changed");
}

#[tokio::test]
async fn nobody_changes_or_removes_an_entry() {
    let db = start();
    let mut runtime = connect(&db.url()).await;
    audit::record(&mut runtime, entry()).await.unwrap();
    let mut owner = connect(&db.owner_url()).await;
    for sql in [
        "UPDATE audit_events SET action = 'x'",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events",
    ] {
        assert!(
            runtime.batch_execute(sql).await.is_err(),
            "the runtime role may {sql}"
        );
        assert!(
            owner.batch_execute(sql).await.is_err(),
            "the owner may {sql}"
        );
    }
    let count: i64 = audit_events::table
        .count()
        .get_result(&mut runtime)
        .await
        .unwrap();
    assert_eq!(count, 1);
}
