//! `payment.pending`: somebody has begun to pay in a way that takes time.

use std::sync::Arc;

use events::payments::PaymentPending;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Notes it, and holds the goods longer.
///
/// # Errors
/// When the database, or a service that the effect needs, does not do it.
pub async fn on_payment_pending(
    state: Arc<AppState>,
    event: Received<PaymentPending>,
) -> Result<Outcome, ConsumeError> {
    app::hear_payment::hear_pending(&state, &event).await
}
