//! `reservation.expired`: the hold of an order's goods is over.

use std::sync::Arc;

use events::inventory::ReservationExpired;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Ends the order if nobody has paid.
///
/// # Errors
/// When the database, or a service that the effect needs, does not do it.
pub async fn on_reservation_expired(
    state: Arc<AppState>,
    event: Received<ReservationExpired>,
) -> Result<Outcome, ConsumeError> {
    Ok(app::expire_order::hear_expired(&state, &event).await?)
}
