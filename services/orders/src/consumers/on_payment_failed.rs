//! `payment.failed`: an attempt to pay has come to nothing.

use std::sync::Arc;

use events::payments::PaymentFailed;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Notes it.
///
/// # Errors
/// When the database, or a service that the effect needs, does not do it.
pub async fn on_payment_failed(
    state: Arc<AppState>,
    event: Received<PaymentFailed>,
) -> Result<Outcome, ConsumeError> {
    app::hear_payment::hear_failed(&state, &event).await
}
