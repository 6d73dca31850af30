//! What the service hears: one event per file, one function per queue.

pub mod on_dispute_opened;
pub mod on_dispute_reminded;
pub mod on_dispute_resolved;
pub mod on_payment_failed;
pub mod on_payment_initialized;
pub mod on_payment_pending;
pub mod on_payment_succeeded;
pub mod on_privacy_erase_requested;
pub mod on_refund_failed;
pub mod on_refund_needs_attention;
pub mod on_refund_processed;
pub mod on_refund_requested;
pub mod on_reservation_expired;

use std::sync::Arc;

use messaging::Consumers;

use crate::SERVICE;
use crate::startup::AppState;

/// Every event that is heard.
pub(crate) fn all(state: Arc<AppState>) -> Consumers<AppState> {
    Consumers::new(SERVICE.name, state)
        .on_batch_at_leisure(on_payment_initialized::on_payment_initialized)
        .on(on_payment_pending::on_payment_pending)
        .on_batch(on_payment_succeeded::on_payment_succeeded)
        .on(on_payment_failed::on_payment_failed)
        .on(on_refund_requested::on_refund_requested)
        .on(on_refund_processed::on_refund_processed)
        .on(on_refund_failed::on_refund_failed)
        .on(on_refund_needs_attention::on_refund_needs_attention)
        .on(on_dispute_opened::on_dispute_opened)
        .on(on_dispute_reminded::on_dispute_reminded)
        .on(on_dispute_resolved::on_dispute_resolved)
        .on(on_reservation_expired::on_reservation_expired)
        .on(on_privacy_erase_requested::on_privacy_erase_requested)
}
