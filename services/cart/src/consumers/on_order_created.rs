//! `order.created`: somebody ordered.

use std::sync::Arc;

use events::orders::OrderCreated;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Takes what was ordered out of the cart.
///
/// # Errors
/// When the database does not do its part.
pub async fn on_order_created(
    state: Arc<AppState>,
    event: Received<OrderCreated>,
) -> Result<Outcome, ConsumeError> {
    Ok(app::take_ordered::take_ordered(&state, &event).await?)
}
