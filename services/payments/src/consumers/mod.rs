//! What the service hears: one event per file, one function per queue.

pub mod on_order_paid;
pub mod on_order_refund_requested;
pub mod on_order_unallocated;
pub mod on_privacy_erase_requested;

use std::sync::Arc;

use messaging::Consumers;

use crate::SERVICE;
use crate::startup::AppState;

/// Every event that is heard.
pub(crate) fn all(state: Arc<AppState>) -> Consumers<AppState> {
    Consumers::new(SERVICE.name, state)
        .on_batch_at_leisure(on_order_paid::on_order_paid)
        .on(on_order_unallocated::on_order_unallocated)
        .on(on_order_refund_requested::on_order_refund_requested)
        .on(on_privacy_erase_requested::on_privacy_erase_requested)
}
