//! `dispute.reminded`: a dispute is to be answered soon.

use std::sync::Arc;

use events::disputes::DisputeReminded;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Notes it.
///
/// # Errors
/// When the database, or a service that the effect needs, does not do it.
pub async fn on_dispute_reminded(
    state: Arc<AppState>,
    event: Received<DisputeReminded>,
) -> Result<Outcome, ConsumeError> {
    app::hear_dispute::hear_reminded(&state, &event).await
}
