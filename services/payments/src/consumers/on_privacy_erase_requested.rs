//! `privacy.erase_requested`: a person wants to be forgotten.

use std::sync::Arc;

use events::auth::EraseRequested;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Forgets the person and confirms it.
///
/// # Errors
/// When the database does not take it.
pub async fn on_privacy_erase_requested(
    state: Arc<AppState>,
    event: Received<EraseRequested>,
) -> Result<Outcome, ConsumeError> {
    Ok(app::personal_data::erase(&state, &event).await?)
}
