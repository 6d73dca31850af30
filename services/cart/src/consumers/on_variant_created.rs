//! `variant.created`: a product has one more variant.

use std::sync::Arc;

use events::catalog::VariantCreated;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::domain::ids::ProductId;
use crate::startup::AppState;

/// Learns how many variants the product has now.
///
/// # Errors
/// When the database or the catalogue does not do its part.
pub async fn on_variant_created(
    state: Arc<AppState>,
    event: Received<VariantCreated>,
) -> Result<Outcome, ConsumeError> {
    let product = ProductId(event.body.product_id);
    Ok(app::follow_catalogue::refresh(&state, &event, product).await?)
}
