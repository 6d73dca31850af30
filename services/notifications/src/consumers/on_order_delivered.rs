//! `order.delivered`: an order has arrived.

use std::sync::Arc;

use events::orders::OrderDelivered;
use messaging::{ConsumeError, Outcome, Received};

use crate::app::request_mail::{Wish, request_mails};
use crate::domain::template::OrderMail;
use crate::startup::AppState;

/// Tells its buyer.
///
/// # Errors
/// When the database does not take it.
pub async fn on_order_delivered(
    state: Arc<AppState>,
    event: Received<OrderDelivered>,
) -> Result<Outcome, ConsumeError> {
    let (order, user) = (event.body.order_id, event.body.user_id);
    let wish = Wish::once_per_order(OrderMail::Delivered, order, user);
    Ok(request_mails(&state, &event, vec![wish]).await?)
}
