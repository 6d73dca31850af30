//! What the service hears: one event per file, one function per queue.

pub mod on_order_created;
pub mod on_privacy_erase_requested;
pub mod on_product_created;
pub mod on_product_deleted;
pub mod on_product_updated;
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
        .on_batch_at_leisure(on_order_created::on_order_created)
        .on(on_product_created::on_product_created)
        .on(on_product_updated::on_product_updated)
        .on(on_product_deleted::on_product_deleted)
        .on(on_variant_created::on_variant_created)
        .on(on_variant_updated::on_variant_updated)
        .on(on_variant_deleted::on_variant_deleted)
        .on(on_privacy_erase_requested::on_privacy_erase_requested)
}
