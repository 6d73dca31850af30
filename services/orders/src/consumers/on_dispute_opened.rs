//! `dispute.opened`: a buyer's bank wants money back.

use std::sync::Arc;

use events::disputes::DisputeOpened;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Notes it.
///
/// # Errors
/// When the database, or a service that the effect needs, does not do it.
pub async fn on_dispute_opened(
    state: Arc<AppState>,
    event: Received<DisputeOpened>,
) -> Result<Outcome, ConsumeError> {
    app::hear_dispute::hear_opened(&state, &event).await
}
