//! `refund.needs_attention`: a refund waits for somebody.

use std::sync::Arc;

use events::payments::RefundNeedsAttention;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Notes it.
///
/// # Errors
/// When the database, or a service that the effect needs, does not do it.
pub async fn on_refund_needs_attention(
    state: Arc<AppState>,
    event: Received<RefundNeedsAttention>,
) -> Result<Outcome, ConsumeError> {
    app::hear_refund::hear_needs_attention(&state, &event).await
}
