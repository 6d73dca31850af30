//! `variant.created`: a variant is new.

use std::sync::Arc;

use events::catalog::VariantCreated;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Stocks the variant with what there is to begin with.
///
/// # Errors
/// When the database does not take it, or the stock is no number of things.
pub async fn on_variant_created(
    state: Arc<AppState>,
    event: Received<VariantCreated>,
) -> Result<Outcome, ConsumeError> {
    app::variants::create(&state, &event).await
}
