//! What the service hears: one event per file, one function per queue.

pub mod on_auth_mail_requested;
pub mod on_dispute_opened;
pub mod on_dispute_reminded;
pub mod on_dispute_resolved;
pub mod on_invoice_issued;
pub mod on_order_cancelled;
pub mod on_order_delivered;
pub mod on_order_expired;
pub mod on_order_paid;
pub mod on_order_shipped;
pub mod on_order_unallocated;
pub mod on_privacy_erase_requested;
pub mod on_reconciliation_completed;
pub mod on_refund_processed;

use std::sync::Arc;

use messaging::Consumers;

use crate::SERVICE;
use crate::startup::AppState;

/// Every event that is heard.
pub(crate) fn all(state: Arc<AppState>) -> Consumers<AppState> {
    Consumers::new(SERVICE.name, state)
        .on(on_auth_mail_requested::on_auth_mail_requested)
        .on_batch_at_leisure(on_invoice_issued::on_invoice_issued)
        .on_batch_at_leisure(on_order_paid::on_order_paid)
        .on(on_order_unallocated::on_order_unallocated)
        .on(on_order_cancelled::on_order_cancelled)
        .on(on_order_expired::on_order_expired)
        .on(on_order_shipped::on_order_shipped)
        .on(on_order_delivered::on_order_delivered)
        .on(on_refund_processed::on_refund_processed)
        .on(on_reconciliation_completed::on_reconciliation_completed)
        .on(on_dispute_opened::on_dispute_opened)
        .on(on_dispute_reminded::on_dispute_reminded)
        .on(on_dispute_resolved::on_dispute_resolved)
        .on(on_privacy_erase_requested::on_privacy_erase_requested)
}
