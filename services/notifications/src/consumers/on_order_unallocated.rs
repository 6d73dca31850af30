//! `order.unallocated`: an order was paid when its goods were gone.

use std::sync::Arc;

use events::orders::OrderUnallocated;
use messaging::{ConsumeError, Outcome, Received};

use crate::app::request_mail::{Wish, request_mails};
use crate::domain::template::OrderMail;
use crate::startup::AppState;

/// Apologises to its buyer, and tells the merchant.
///
/// # Errors
/// When the database does not take it.
pub async fn on_order_unallocated(
    state: Arc<AppState>,
    event: Received<OrderUnallocated>,
) -> Result<Outcome, ConsumeError> {
    let (order, user) = (event.body.order_id, event.body.user_id);
    let wishes = [OrderMail::Unallocated, OrderMail::MerchantUnallocated]
        .map(|mail| Wish::once_per_order(mail, order, user));
    Ok(request_mails(&state, &event, wishes.into()).await?)
}
