//! `order.created`: somebody ordered.

use std::sync::Arc;

use events::orders::OrderCreated;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Takes what was ordered out of the carts.
///
/// # Errors
/// When the database does not do its part.
pub async fn on_order_created(
    state: Arc<AppState>,
    events: Vec<Received<OrderCreated>>,
) -> Result<Vec<Outcome>, ConsumeError> {
    Ok(app::take_ordered::take_ordered(&state, &events).await?)
}
