//! `refund.processed`: money has gone back to a buyer.

use std::sync::Arc;

use events::payments::RefundProcessed;
use messaging::{ConsumeError, Outcome, Received};

use crate::app::request_mail::{Wish, request_mails};
use crate::domain::template::OrderMail;
use crate::domain::told::Told;
use crate::startup::AppState;

/// Tells them how much. An order may be paid back in parts, each of which has its mail.
///
/// # Errors
/// When the database does not take it.
pub async fn on_refund_processed(
    state: Arc<AppState>,
    event: Received<RefundProcessed>,
) -> Result<Outcome, ConsumeError> {
    let said = &event.body;
    let told = Told::of(said.amount, said.currency);
    let wish = Wish::once_per_order(OrderMail::Refund, said.order_id, said.user_id)
        .once_per_part(said.refund_id, told);
    Ok(request_mails(&state, &event, vec![wish]).await?)
}
