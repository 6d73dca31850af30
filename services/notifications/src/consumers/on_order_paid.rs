//! `order.paid`: an order is paid for, and its goods are sold to it.

use std::sync::Arc;

use events::orders::OrderPaid;
use messaging::{ConsumeError, Outcome, Received};

use crate::app::request_mail::{Wish, request_mails_of};
use crate::domain::template::OrderMail;
use crate::startup::AppState;

/// Tells the merchant. The buyer hears of it with the invoice.
///
/// # Errors
/// When the database does not take it.
pub async fn on_order_paid(
    state: Arc<AppState>,
    events: Vec<Received<OrderPaid>>,
) -> Result<Vec<Outcome>, ConsumeError> {
    let wanted = events.iter().map(|event| {
        let (order, user) = (event.body.order_id, event.body.user_id);
        let wish = Wish::once_per_order(OrderMail::MerchantPaid, order, user);
        (event, vec![wish])
    });
    Ok(request_mails_of(&state, wanted.collect()).await?)
}
