//! `payment.succeeded`: an order is paid.

use std::sync::Arc;

use events::payments::PaymentSucceeded;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Sells each order its goods, or asks for the money to go back.
///
/// # Errors
/// When the database, or a service that the effect needs, does not do it.
pub async fn on_payment_succeeded(
    state: Arc<AppState>,
    events: Vec<Received<PaymentSucceeded>>,
) -> Result<Vec<Outcome>, ConsumeError> {
    app::settle::hear_successes(&state, &events).await
}
