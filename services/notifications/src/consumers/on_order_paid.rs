//! `order.paid`: an order is paid for, and its goods are sold to it.

use std::sync::Arc;

use events::orders::OrderPaid;
use messaging::{ConsumeError, Outcome, Received};

use crate::app::request_mail::{Wish, request_mails};
use crate::domain::template::OrderMail;
use crate::startup::AppState;

/// Tells the merchant. The buyer hears of it with the invoice.
///
/// # Errors
/// When the database does not take it.
pub async fn on_order_paid(
    state: Arc<AppState>,
    event: Received<OrderPaid>,
) -> Result<Outcome, ConsumeError> {
    let (order, user) = (event.body.order_id, event.body.user_id);
    let wish = Wish::once_per_order(OrderMail::MerchantPaid, order, user);
    Ok(request_mails(&state, &event, vec![wish]).await?)
}
