//! An order that is being placed.

use std::sync::atomic::{AtomicBool, Ordering};

use messaging::idempotency::Making;

use super::queries::OrderView;

/// An order that is being placed under a key, and whether anybody else has heard of it.
pub(crate) struct Placing {
    pub(crate) making: Making<OrderView>,
    reached_out: AtomicBool,
}

impl Placing {
    /// An order that nobody else has heard of, unless an earlier attempt with the key went further.
    pub(crate) fn new(making: Making<OrderView>) -> Self {
        let reached_out = AtomicBool::new(making.is_taken_over());
        Self {
            making,
            reached_out,
        }
    }

    /// From now on something may be held under the order's id.
    pub(crate) fn reach_out(&self) {
        self.reached_out.store(true, Ordering::Relaxed);
    }

    /// Whether something may be held under the order's id.
    pub(crate) fn has_reached_out(&self) -> bool {
        self.reached_out.load(Ordering::Relaxed)
    }
}
