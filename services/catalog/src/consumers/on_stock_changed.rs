//! `stock.changed`: another number of a variant can be bought.

use std::sync::Arc;

use events::inventory::StockChanged;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Shows the newest number.
///
/// # Errors
/// When the database does not take it.
pub async fn on_stock_changed(
    state: Arc<AppState>,
    events: Vec<Received<StockChanged>>,
) -> Result<Vec<Outcome>, ConsumeError> {
    Ok(app::stock::take_over(&state, &events).await?)
}
