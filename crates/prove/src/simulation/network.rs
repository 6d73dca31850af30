//! What services tell each other, over a network that loses, doubles and reorders, but delivers until it is acknowledged.

use std::collections::{BTreeMap, BTreeSet};

/// Something that happened and is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    PaymentPending {
        order: u64,
    },
    PaymentSucceeded {
        order: u64,
        payment: u64,
        amount: i64,
    },
    OrderPaid {
        order: u64,
        payment: Option<u64>,
    },
    OrderUnallocated {
        payment: u64,
    },
    RefundRequested {
        payment: u64,
    },
    OrderCancelled {
        order: u64,
    },
    ReservationExpired {
        order: u64,
        at: i64,
    },
    RefundProcessed {
        order: u64,
        payment: u64,
        refund: u64,
        amount: i64,
        restock: Option<i64>,
    },
    RestockRequested {
        order: u64,
        refund: u64,
        lines: Vec<(u64, i64)>,
    },
}

/// Who hears events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Consumer {
    Orders,
    Inventory,
    Payments,
    Mails,
}

impl Event {
    pub(super) fn consumers(&self) -> &'static [Consumer] {
        use Consumer::{Inventory, Mails, Orders, Payments};
        match self {
            Self::PaymentPending { .. }
            | Self::PaymentSucceeded { .. }
            | Self::ReservationExpired { .. } => &[Orders],
            Self::OrderPaid { .. } | Self::OrderUnallocated { .. } => &[Payments, Mails],
            Self::RefundRequested { .. } => &[Payments],
            Self::OrderCancelled { .. } => &[Inventory, Mails],
            Self::RefundProcessed { .. } => &[Orders, Mails],
            Self::RestockRequested { .. } => &[Inventory],
        }
    }
}

/// A copy of an event on its way to one consumer.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub(super) id: u64,
    pub(super) consumer: Consumer,
    pub(super) event: Event,
}

#[derive(Debug, Default)]
pub(super) struct Network {
    promised: u64,
    /// Committed with the change that they tell of, and not known to be published.
    pub(super) outbox: Vec<(u64, Event)>,
    /// Published, and not acknowledged by everybody.
    pub(super) queues: Vec<Delivery>,
    /// Who has to apply which event.
    pub(super) owed: BTreeSet<(Consumer, u64)>,
    inbox: BTreeSet<(Consumer, u64)>,
    /// How often who has applied which event.
    pub(super) applied: BTreeMap<(Consumer, u64), u32>,
    pub(super) forgets_inbox: bool,
}

impl Network {
    /// Promises an event, in the transaction of the change that it tells of.
    pub(super) fn promise(&mut self, event: Event) {
        self.promised += 1;
        let id = self.promised;
        self.owed
            .extend(event.consumers().iter().map(|consumer| (*consumer, id)));
        self.outbox.push((id, event));
    }

    /// Publishes one; if `is_noted` is false, its publisher stops before it notes that, and does it again later.
    pub(super) fn publish(&mut self, index: usize, is_noted: bool) {
        let Some((id, event)) = self.outbox.get(index).cloned() else {
            return;
        };
        for consumer in event.consumers() {
            self.queues.push(Delivery {
                id,
                consumer: *consumer,
                event: event.clone(),
            });
        }
        if is_noted {
            self.outbox.remove(index);
        }
    }

    /// Notes in the transaction of the effect that an event is applied; answers whether it had not been.
    pub(super) fn is_first(&mut self, consumer: Consumer, id: u64) -> bool {
        let is_new = self.inbox.insert((consumer, id)) || self.forgets_inbox;
        if is_new {
            *self.applied.entry((consumer, id)).or_default() += 1;
        }
        is_new
    }

    /// Takes one delivery out of its queue.
    pub(super) fn acknowledge(&mut self, consumer: Consumer, id: u64) {
        let found = self
            .queues
            .iter()
            .position(|one| one.consumer == consumer && one.id == id);
        if let Some(index) = found {
            self.queues.remove(index);
        }
    }
}
