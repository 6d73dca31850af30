//! `product.updated`: a product has another title, picture or state.

use std::sync::Arc;

use events::catalog::ProductUpdated;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::domain::ids::ProductId;
use crate::startup::AppState;

/// Learns what it is like now.
///
/// # Errors
/// When the database or the catalogue does not do its part.
pub async fn on_product_updated(
    state: Arc<AppState>,
    event: Received<ProductUpdated>,
) -> Result<Outcome, ConsumeError> {
    let product = ProductId(event.body.product_id);
    Ok(app::follow_catalogue::refresh(&state, &event, product).await?)
}
