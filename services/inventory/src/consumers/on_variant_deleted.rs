//! `variant.deleted`: a variant is gone.

use std::sync::Arc;

use events::catalog::VariantDeleted;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Keeps the item for its history and holds nothing of it any more.
///
/// # Errors
/// When the database does not take it, or the variant is not known yet.
pub async fn on_variant_deleted(
    state: Arc<AppState>,
    event: Received<VariantDeleted>,
) -> Result<Outcome, ConsumeError> {
    app::variants::delete(&state, &event).await
}
