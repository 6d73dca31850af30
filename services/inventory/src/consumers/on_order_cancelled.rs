//! `order.cancelled`: an order that was not paid is given up.

use std::sync::Arc;

use events::orders::OrderCancelled;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Gives back what the order holds.
///
/// # Errors
/// When the database does not take it.
pub async fn on_order_cancelled(
    state: Arc<AppState>,
    event: Received<OrderCancelled>,
) -> Result<Outcome, ConsumeError> {
    Ok(app::settle::release_cancelled(&state, &event).await?)
}
