//! Who says what and who hears it: the static topology of the whole system, as data.
//!
//! Queues, the `mandatory` flag of publications and the documentation are derived from these two
//! tables, so an event whose consumer is missing here is an event that nobody receives. A consumer that is listed and not written is
//! a queue that fills for ever, so services refuse to start with one.

/// The topic exchange that carries every event.
pub const EXCHANGE: &str = "agape.events";

/// An event type and the service that says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventType {
    /// The routing key.
    pub name: &'static str,
    /// The producing service, or [`EVERY_SERVICE`].
    pub producer: &'static str,
}

/// The producer of the event types in [`crate::shared`].
pub const EVERY_SERVICE: &str = "*";

/// How a consumer receives an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Once per service, from a durable queue, with an inbox row beside the effect.
    Work,
    /// Once per process, from a queue that dies with it; for caches and revocations.
    Broadcast,
}

/// One service hearing one event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscription {
    /// The routing key.
    pub event_type: &'static str,
    /// The service that hears it.
    pub service: &'static str,
    /// How it is delivered.
    pub delivery: Delivery,
}

impl Subscription {
    /// The name of the queue, `orders.on_payment_succeeded`, which is also the consumer function's
    /// name and its key in the inbox. A broadcast queue appends the process's own id.
    pub fn queue(&self) -> String {
        format!("{}.on_{}", self.service, self.event_type.replace('.', "_"))
    }
}

/// What one service hears.
struct Hearer {
    service: &'static str,
    work: &'static [&'static str],
    broadcast: &'static [&'static str],
}

/// Every event type of the system.
pub const EVENT_TYPES: &[EventType] = &[
    said_by("auth", "user.registered"),
    said_by("auth", "user.verified"),
    said_by("auth", "user.role_changed"),
    said_by("auth", "user.erased"),
    said_by("auth", "auth.mail_requested"),
    said_by("auth", "session.revoked"),
    said_by("auth", "privacy.erase_requested"),
    said_by("catalog", "product.created"),
    said_by("catalog", "product.updated"),
    said_by("catalog", "product.deleted"),
    said_by("catalog", "variant.created"),
    said_by("catalog", "variant.updated"),
    said_by("catalog", "variant.deleted"),
    said_by("inventory", "stock.changed"),
    said_by("inventory", "stock.low"),
    said_by("inventory", "reservation.expired"),
    said_by("cart", "cart.abandoned"),
    said_by("orders", "order.created"),
    said_by("orders", "order.paid"),
    said_by("orders", "order.unallocated"),
    said_by("orders", "order.cancelled"),
    said_by("orders", "order.expired"),
    said_by("orders", "order.shipped"),
    said_by("orders", "order.delivered"),
    said_by("orders", "order.refunded"),
    said_by("orders", "order.refund_requested"),
    said_by("orders", "order.restock_requested"),
    said_by("orders", "invoice.issued"),
    said_by("payments", "payment.initialized"),
    said_by("payments", "payment.pending"),
    said_by("payments", "payment.succeeded"),
    said_by("payments", "payment.failed"),
    said_by("payments", "payment.mismatched"),
    said_by("payments", "refund.requested"),
    said_by("payments", "refund.processed"),
    said_by("payments", "refund.failed"),
    said_by("payments", "refund.needs_attention"),
    said_by("payments", "dispute.opened"),
    said_by("payments", "dispute.reminded"),
    said_by("payments", "dispute.resolved"),
    said_by("payments", "reconciliation.completed"),
    said_by("media", "media.uploaded"),
    said_by("media", "media.deleted"),
    said_by("notifications", "notification.sent"),
    said_by("notifications", "notification.failed"),
    said_by("status", "incident.opened"),
    said_by("status", "incident.closed"),
    said_by("status", "maintenance.changed"),
    said_by(EVERY_SERVICE, "privacy.erased"),
    said_by(EVERY_SERVICE, "audit.recorded"),
];

/// What each service hears, except `admin`, whose read model hears every type there is.
const HEARERS: &[Hearer] = &[
    Hearer {
        service: "gateway",
        work: &[],
        broadcast: &["session.revoked", "maintenance.changed"],
    },
    Hearer {
        service: "auth",
        work: &["privacy.erased"],
        broadcast: &["session.revoked"],
    },
    Hearer {
        service: "catalog",
        work: &["stock.changed", "privacy.erase_requested"],
        broadcast: &[
            "session.revoked",
            // Each process drops what it has cached of a changed product.
            "product.created",
            "product.updated",
            "product.deleted",
            "variant.created",
            "variant.updated",
            "variant.deleted",
        ],
    },
    Hearer {
        service: "inventory",
        work: &[
            "variant.created",
            "variant.updated",
            "variant.deleted",
            "order.cancelled",
            "order.restock_requested",
            "privacy.erase_requested",
        ],
        broadcast: &["session.revoked"],
    },
    Hearer {
        service: "cart",
        work: &[
            "order.created",
            "product.created",
            "product.updated",
            "product.deleted",
            "variant.created",
            "variant.updated",
            "variant.deleted",
            "privacy.erase_requested",
        ],
        broadcast: &["session.revoked"],
    },
    Hearer {
        service: "orders",
        // `payment.mismatched` is missing on purpose: such a capture never settles an order.
        work: &[
            "payment.initialized",
            "payment.pending",
            "payment.succeeded",
            "payment.failed",
            "refund.requested",
            "refund.processed",
            "refund.failed",
            "refund.needs_attention",
            "dispute.opened",
            "dispute.reminded",
            "dispute.resolved",
            "reservation.expired",
            "privacy.erase_requested",
        ],
        broadcast: &["session.revoked"],
    },
    Hearer {
        service: "payments",
        work: &[
            "order.paid",
            "order.unallocated",
            "order.refund_requested",
            "privacy.erase_requested",
        ],
        broadcast: &["session.revoked"],
    },
    Hearer {
        service: "notifications",
        work: &[
            "auth.mail_requested",
            "invoice.issued",
            "order.paid",
            "order.unallocated",
            "order.cancelled",
            "order.expired",
            "order.shipped",
            "order.delivered",
            "refund.processed",
            "dispute.opened",
            "dispute.reminded",
            "dispute.resolved",
            "reconciliation.completed",
            "privacy.erase_requested",
        ],
        broadcast: &["session.revoked"],
    },
    Hearer {
        service: "media",
        work: &["product.deleted", "privacy.erase_requested"],
        broadcast: &["session.revoked"],
    },
    Hearer {
        service: "admin",
        work: &[],
        broadcast: &["session.revoked"],
    },
    Hearer {
        service: "status",
        work: &[],
        broadcast: &["session.revoked"],
    },
];

/// The service that keeps a read model of everything.
const HEARS_EVERYTHING: &str = "admin";

/// Every subscription of the system, grouped by consumer.
pub fn subscriptions() -> impl Iterator<Item = Subscription> {
    let listed = HEARERS.iter().flat_map(|hearer| {
        let work = hearer
            .work
            .iter()
            .map(|event_type| (*event_type, Delivery::Work));
        let broadcast = hearer
            .broadcast
            .iter()
            .map(|event_type| (*event_type, Delivery::Broadcast));
        work.chain(broadcast)
            .map(|(event_type, delivery)| Subscription {
                event_type,
                service: hearer.service,
                delivery,
            })
    });
    let everything = EVENT_TYPES.iter().map(|known| Subscription {
        event_type: known.name,
        service: HEARS_EVERYTHING,
        delivery: Delivery::Work,
    });
    listed.chain(everything)
}

/// Who hears events of this type.
pub fn consumers_of(event_type: &str) -> impl Iterator<Item = Subscription> + '_ {
    subscriptions().filter(move |subscription| subscription.event_type == event_type)
}

const fn said_by(producer: &'static str, name: &'static str) -> EventType {
    EventType { name, producer }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn is_well_formed(name: &str) -> bool {
        let parts: Vec<&str> = name.split('.').collect();
        parts.len() == 2
            && parts.iter().all(|part| {
                !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
            })
    }

    #[test]
    fn every_type_exists_once_and_is_well_formed() {
        let mut seen = BTreeSet::new();
        for known in EVENT_TYPES {
            assert!(is_well_formed(known.name), "{} is malformed", known.name);
            assert!(seen.insert(known.name), "{} is listed twice", known.name);
        }
    }

    #[test]
    fn nobody_waits_for_a_type_that_nobody_says() {
        let types: BTreeSet<&str> = EVENT_TYPES.iter().map(|known| known.name).collect();
        for subscription in subscriptions() {
            assert!(types.contains(subscription.event_type), "{subscription:?}");
        }
    }

    #[test]
    fn every_type_has_a_consumer_that_does_work() {
        for known in EVENT_TYPES {
            let works = |subscription: Subscription| subscription.delivery == Delivery::Work;
            assert!(
                consumers_of(known.name).any(works),
                "{} is heard by nobody",
                known.name
            );
        }
    }

    #[test]
    fn a_queue_is_named_after_its_consumer_function_and_exists_once() {
        let mut seen = BTreeSet::new();
        for subscription in subscriptions() {
            let queue = subscription.queue();
            let (service, function) = queue.split_once('.').unwrap();
            assert_eq!(service, subscription.service);
            assert_eq!(
                function,
                format!("on_{}", subscription.event_type.replace('.', "_"))
            );
            assert!(seen.insert((queue, subscription.delivery == Delivery::Work)));
        }
        assert!(seen.contains(&("orders.on_payment_succeeded".to_owned(), true)));
    }

    #[test]
    fn every_process_that_checks_tokens_hears_of_revocations() {
        let hearers: BTreeSet<&str> = consumers_of("session.revoked")
            .filter(|subscription| subscription.delivery == Delivery::Broadcast)
            .map(|subscription| subscription.service)
            .collect();
        assert_eq!(
            hearers.len(),
            11,
            "ten services and the gateway: {hearers:?}"
        );
    }
}
