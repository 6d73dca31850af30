//! `order.cancelled`: an order was given up before it was paid.

use std::sync::Arc;

use events::orders::OrderCancelled;
use messaging::{ConsumeError, Outcome, Received};

use crate::app::request_mail::{Wish, request_mails};
use crate::domain::template::OrderMail;
use crate::startup::AppState;

/// Confirms it to its buyer.
///
/// # Errors
/// When the database does not take it.
pub async fn on_order_cancelled(
    state: Arc<AppState>,
    event: Received<OrderCancelled>,
) -> Result<Outcome, ConsumeError> {
    let (order, user) = (event.body.order_id, event.body.user_id);
    let wish = Wish::once_per_order(OrderMail::Cancelled, order, user);
    Ok(request_mails(&state, &event, vec![wish]).await?)
}
