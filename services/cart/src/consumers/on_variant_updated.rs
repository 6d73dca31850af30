//! `variant.updated`: a variant has another price or state.

use std::sync::Arc;

use events::catalog::VariantUpdated;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::domain::ids::ProductId;
use crate::startup::AppState;

/// Learns what it is like now.
///
/// # Errors
/// When the database or the catalogue does not do its part.
pub async fn on_variant_updated(
    state: Arc<AppState>,
    event: Received<VariantUpdated>,
) -> Result<Outcome, ConsumeError> {
    let product = ProductId(event.body.product_id);
    Ok(app::follow_catalogue::refresh(&state, &event, product).await?)
}
