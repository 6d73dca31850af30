//! `dispute.resolved`: a dispute has ended.

use std::sync::Arc;

use events::disputes::DisputeResolved;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Notes it.
///
/// # Errors
/// When the database, or a service that the effect needs, does not do it.
pub async fn on_dispute_resolved(
    state: Arc<AppState>,
    event: Received<DisputeResolved>,
) -> Result<Outcome, ConsumeError> {
    app::hear_dispute::hear_resolved(&state, &event).await
}
