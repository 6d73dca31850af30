//! `refund.processed`: a refund has reached the buyer.

use std::sync::Arc;

use events::payments::RefundProcessed;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Notes what is left, puts goods back, and makes a credit note due.
///
/// # Errors
/// When the database, or a service that the effect needs, does not do it.
pub async fn on_refund_processed(
    state: Arc<AppState>,
    event: Received<RefundProcessed>,
) -> Result<Outcome, ConsumeError> {
    app::hear_refund::hear_processed(&state, &event).await
}
