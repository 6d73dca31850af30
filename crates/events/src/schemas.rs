//! The JSON schemas that other people's consumers are written against.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Value, json};

use crate::envelope::{DATA_CONTENT_TYPE, SPEC_VERSION, schema_file, schema_uri};
use crate::{
    Envelope, Event, auth, cart, catalog, disputes, inventory, notifications, orders, payments,
    reconciliation, shared,
};

/// The schema of every event as `(file name under proto-docs/events, schema)`, sorted by name.
pub fn schemas() -> Vec<(String, Value)> {
    let mut all = vec![
        schema::<auth::UserRegistered>(),
        schema::<auth::UserVerified>(),
        schema::<auth::UserRoleChanged>(),
        schema::<auth::UserErased>(),
        schema::<auth::MailRequested>(),
        schema::<auth::SessionRevoked>(),
        schema::<auth::EraseRequested>(),
        schema::<cart::CartAbandoned>(),
        schema::<catalog::ProductCreated>(),
        schema::<catalog::ProductUpdated>(),
        schema::<catalog::ProductDeleted>(),
        schema::<catalog::VariantCreated>(),
        schema::<catalog::VariantUpdated>(),
        schema::<catalog::VariantDeleted>(),
        schema::<inventory::StockChanged>(),
        schema::<inventory::StockLow>(),
        schema::<inventory::ReservationExpired>(),
        schema::<orders::OrderCreated>(),
        schema::<orders::OrderCancelled>(),
        schema::<orders::RestockRequested>(),
        schema::<orders::OrderPaid>(),
        schema::<orders::OrderUnallocated>(),
        schema::<orders::OrderExpired>(),
        schema::<orders::OrderShipped>(),
        schema::<orders::OrderDelivered>(),
        schema::<orders::OrderRefunded>(),
        schema::<orders::OrderRefundRequested>(),
        schema::<orders::InvoiceIssued>(),
        schema::<payments::PaymentInitialized>(),
        schema::<payments::PaymentPending>(),
        schema::<payments::PaymentSucceeded>(),
        schema::<payments::PaymentFailed>(),
        schema::<payments::PaymentMismatched>(),
        schema::<payments::RefundRequested>(),
        schema::<payments::RefundProcessed>(),
        schema::<payments::RefundFailed>(),
        schema::<payments::RefundNeedsAttention>(),
        schema::<reconciliation::ReconciliationCompleted>(),
        schema::<disputes::DisputeOpened>(),
        schema::<disputes::DisputeReminded>(),
        schema::<disputes::DisputeResolved>(),
        schema::<notifications::NotificationSent>(),
        schema::<notifications::NotificationFailed>(),
        schema::<shared::AuditRecorded>(),
        schema::<shared::PrivacyErased>(),
    ];
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// The schema of one event's whole message, with the constant attributes pinned.
fn schema<T: Event + JsonSchema>() -> (String, Value) {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Envelope<T>>().to_value();
    let constants = [
        ("specversion", SPEC_VERSION.to_owned()),
        ("type", T::TYPE.to_owned()),
        ("datacontenttype", DATA_CONTENT_TYPE.to_owned()),
        ("dataschema", schema_uri::<T>()),
    ];
    for (attribute, value) in constants {
        let pointer = format!("/properties/{attribute}");
        if let Some(Value::Object(property)) = schema.pointer_mut(&pointer) {
            property.insert("const".to_owned(), json!(value));
        }
    }
    if let Some(object) = schema.as_object_mut() {
        object.insert("$id".to_owned(), json!(schema_uri::<T>()));
        object.insert("title".to_owned(), json!(T::TYPE));
    }
    (schema_file(T::TYPE, T::VERSION), schema)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subscriptions::EVENT_TYPES;
    use std::collections::BTreeSet;

    #[test]
    fn every_schema_belongs_to_a_known_type_and_appears_once() {
        let mut seen = BTreeSet::new();
        for (file, schema) in schemas() {
            assert!(seen.insert(file.clone()), "{file} appears twice");
            let name = schema["properties"]["type"]["const"].as_str().unwrap();
            assert!(
                EVENT_TYPES.iter().any(|known| known.name == name),
                "{name} is not listed"
            );
            assert!(schema["properties"]["data"].is_object(), "{file}: {schema}");
        }
    }

    #[test]
    fn everything_that_a_finished_service_says_has_a_schema() {
        let described: BTreeSet<String> = schemas().into_iter().map(|(file, _)| file).collect();
        let finished = [
            "auth",
            "notifications",
            "catalog",
            "inventory",
            "cart",
            "orders",
        ];
        for known in EVENT_TYPES
            .iter()
            .filter(|known| finished.contains(&known.producer))
        {
            assert!(
                described.contains(&schema_file(known.name, 1)),
                "{} has none",
                known.name
            );
        }
    }

    #[test]
    fn generating_twice_gives_the_same_bytes() {
        let text = |all: Vec<(String, Value)>| serde_json::to_string(&all).unwrap();
        assert_eq!(text(schemas()), text(schemas()));
    }
}
