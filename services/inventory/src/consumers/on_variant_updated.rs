//! `variant.updated`: a variant has another SKU or state.

use std::sync::Arc;

use events::catalog::VariantUpdated;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Notes what the variant is called now, and whether it is sold.
///
/// # Errors
/// When the database does not take it, or the variant is not known yet.
pub async fn on_variant_updated(
    state: Arc<AppState>,
    event: Received<VariantUpdated>,
) -> Result<Outcome, ConsumeError> {
    app::variants::update(&state, &event).await
}
