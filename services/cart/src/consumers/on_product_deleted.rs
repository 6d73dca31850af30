//! `product.deleted`: a product is gone.

use std::sync::Arc;

use events::catalog::ProductDeleted;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::app::follow_catalogue::Gone;
use crate::domain::ids::ProductId;
use crate::startup::AppState;

/// Remembers that none of its variants can be bought.
///
/// # Errors
/// When the database does not do its part.
pub async fn on_product_deleted(
    state: Arc<AppState>,
    event: Received<ProductDeleted>,
) -> Result<Outcome, ConsumeError> {
    let gone = Gone::Product(ProductId(event.body.product_id));
    Ok(app::follow_catalogue::note_gone(&state, &event, gone).await?)
}
