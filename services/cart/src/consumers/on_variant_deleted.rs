//! `variant.deleted`: a variant is gone.

use std::sync::Arc;

use events::catalog::VariantDeleted;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::app::follow_catalogue::Gone;
use crate::domain::ids::VariantId;
use crate::startup::AppState;

/// Remembers that it cannot be bought.
///
/// # Errors
/// When the database does not do its part.
pub async fn on_variant_deleted(
    state: Arc<AppState>,
    event: Received<VariantDeleted>,
) -> Result<Outcome, ConsumeError> {
    let gone = Gone::Variant(VariantId(event.body.variant_id));
    Ok(app::follow_catalogue::note_gone(&state, &event, gone).await?)
}
