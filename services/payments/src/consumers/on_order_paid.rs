//! `order.paid`: an order is settled by a payment.

use std::sync::Arc;

use events::orders::OrderPaid;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Notes that the orders keep the payments.
///
/// # Errors
/// When the database does not take it, or a payment is not known to be paid.
pub async fn on_order_paid(
    state: Arc<AppState>,
    events: Vec<Received<OrderPaid>>,
) -> Result<Vec<Outcome>, ConsumeError> {
    app::keep::keep(&state, &events).await
}
