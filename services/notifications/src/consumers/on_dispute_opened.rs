//! `dispute.opened`: a buyer's bank wants money back.

use std::sync::Arc;

use events::disputes::DisputeOpened;
use messaging::{ConsumeError, Outcome, Received};

use crate::app::request_mail::{Wish, request_mails};
use crate::domain::template::OrderMail;
use crate::domain::told::Told;
use crate::startup::AppState;

/// Tells the merchant, once for each dispute.
///
/// # Errors
/// When the database does not take it.
pub async fn on_dispute_opened(
    state: Arc<AppState>,
    event: Received<DisputeOpened>,
) -> Result<Outcome, ConsumeError> {
    let said = &event.body;
    let told = Told {
        due_at: Some(said.due_at),
        ..Told::of(said.amount, said.currency)
    };
    let wish = Wish::once_per_order(OrderMail::MerchantDisputed, said.order_id, said.user_id)
        .once_per_part(said.dispute_id, told);
    Ok(request_mails(&state, &event, vec![wish]).await?)
}
