//! `refund.failed`: a refund has come to nothing.

use std::sync::Arc;

use events::payments::RefundFailed;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Notes it.
///
/// # Errors
/// When the database, or a service that the effect needs, does not do it.
pub async fn on_refund_failed(
    state: Arc<AppState>,
    event: Received<RefundFailed>,
) -> Result<Outcome, ConsumeError> {
    app::hear_refund::hear_failed(&state, &event).await
}
