//! `product.created`: a product is new.

use std::sync::Arc;

use events::catalog::ProductCreated;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::domain::ids::ProductId;
use crate::startup::AppState;

/// Learns it, should it be known from a cart already.
///
/// # Errors
/// When the database or the catalogue does not do its part.
pub async fn on_product_created(
    state: Arc<AppState>,
    event: Received<ProductCreated>,
) -> Result<Outcome, ConsumeError> {
    let product = ProductId(event.body.product_id);
    Ok(app::follow_catalogue::refresh(&state, &event, product).await?)
}
