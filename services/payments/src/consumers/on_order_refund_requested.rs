//! `order.refund_requested`: an order has no use for a capture.

use std::sync::Arc;

use events::orders::OrderRefundRequested;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Pays back all of it.
///
/// # Errors
/// When the database does not take it, or the payment is not known to be paid.
pub async fn on_order_refund_requested(
    state: Arc<AppState>,
    event: Received<OrderRefundRequested>,
) -> Result<Outcome, ConsumeError> {
    app::keep::refuse(&state, &event).await
}
