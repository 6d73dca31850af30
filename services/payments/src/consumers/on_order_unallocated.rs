//! `order.unallocated`: an order was paid, and its goods were gone.

use std::sync::Arc;

use events::orders::OrderUnallocated;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Pays back all that was paid.
///
/// # Errors
/// When the database does not take it, or the payment is not known to be paid.
pub async fn on_order_unallocated(
    state: Arc<AppState>,
    event: Received<OrderUnallocated>,
) -> Result<Outcome, ConsumeError> {
    app::keep::give_up(&state, &event).await
}
