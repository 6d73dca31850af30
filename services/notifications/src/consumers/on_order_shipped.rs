//! `order.shipped`: an order is on its way.

use std::sync::Arc;

use events::orders::OrderShipped;
use messaging::{ConsumeError, Outcome, Received};

use crate::app::request_mail::{Wish, request_mails};
use crate::domain::template::OrderMail;
use crate::startup::AppState;

/// Tells its buyer. Carrier and tracking number are those that orders has when the mail is written.
///
/// # Errors
/// When the database does not take it.
pub async fn on_order_shipped(
    state: Arc<AppState>,
    event: Received<OrderShipped>,
) -> Result<Outcome, ConsumeError> {
    let (order, user) = (event.body.order_id, event.body.user_id);
    let wish = Wish::once_per_order(OrderMail::Shipped, order, user);
    Ok(request_mails(&state, &event, vec![wish]).await?)
}
