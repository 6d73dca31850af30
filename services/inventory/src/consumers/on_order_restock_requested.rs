//! `order.restock_requested`: sold goods come back.

use std::sync::Arc;

use events::orders::RestockRequested;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Puts them back on the shelf, once for each refund.
///
/// # Errors
/// When the database does not take it, or the order was never sold.
pub async fn on_order_restock_requested(
    state: Arc<AppState>,
    event: Received<RestockRequested>,
) -> Result<Outcome, ConsumeError> {
    app::restock::restock(&state, &event).await
}
