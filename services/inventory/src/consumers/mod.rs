//! What the service hears: one event per file, one function per queue.

pub mod on_order_cancelled;
pub mod on_order_restock_requested;
pub mod on_privacy_erase_requested;
pub mod on_variant_created;
pub mod on_variant_deleted;
pub mod on_variant_updated;

use std::sync::Arc;

use messaging::Consumers;

use crate::SERVICE;
use crate::startup::AppState;

/// Every event that is heard.
pub(crate) fn all(state: Arc<AppState>) -> Consumers<AppState> {
    Consumers::new(SERVICE.name, state)
        .on(on_variant_created::on_variant_created)
        .on(on_variant_updated::on_variant_updated)
        .on(on_variant_deleted::on_variant_deleted)
        .on(on_order_cancelled::on_order_cancelled)
        .on(on_order_restock_requested::on_order_restock_requested)
        .on(on_privacy_erase_requested::on_privacy_erase_requested)
}
