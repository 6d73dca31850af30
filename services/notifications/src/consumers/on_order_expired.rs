//! `order.expired`: nobody paid an order in time.

use std::sync::Arc;

use events::orders::OrderExpired;
use messaging::{ConsumeError, Outcome, Received};

use crate::app::request_mail::request_mails;
use crate::startup::AppState;

/// Nobody is told: who left the payment page knows it, and nothing was charged. It is heard all the same, so that its
/// queue does not grow.
///
/// # Errors
/// When the database does not take it.
pub async fn on_order_expired(
    state: Arc<AppState>,
    event: Received<OrderExpired>,
) -> Result<Outcome, ConsumeError> {
    Ok(request_mails(&state, &event, Vec::new()).await?)
}
