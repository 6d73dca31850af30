//! `refund.requested`: a refund is decided.

use std::sync::Arc;

use events::payments::RefundRequested;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Notes it.
///
/// # Errors
/// When the database, or a service that the effect needs, does not do it.
pub async fn on_refund_requested(
    state: Arc<AppState>,
    event: Received<RefundRequested>,
) -> Result<Outcome, ConsumeError> {
    app::hear_refund::hear_requested(&state, &event).await
}
