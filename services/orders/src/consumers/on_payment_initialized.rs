//! `payment.initialized`: somebody is about to pay.

use std::sync::Arc;

use events::payments::PaymentInitialized;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Notes the attempts.
///
/// # Errors
/// When the database, or a service that the effect needs, does not do it.
pub async fn on_payment_initialized(
    state: Arc<AppState>,
    events: Vec<Received<PaymentInitialized>>,
) -> Result<Vec<Outcome>, ConsumeError> {
    app::hear_payment::hear_initialized(&state, &events).await
}
