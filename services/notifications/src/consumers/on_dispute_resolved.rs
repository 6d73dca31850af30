//! `dispute.resolved`: a dispute has ended.

use std::sync::Arc;

use events::disputes::DisputeResolved;
use messaging::{ConsumeError, Outcome, Received};

use crate::app::request_mail::{Wish, request_mails};
use crate::domain::template::OrderMail;
use crate::domain::told::Told;
use crate::startup::AppState;

/// Tells the merchant, for each time that banks decide otherwise.
///
/// # Errors
/// When the database does not take it.
pub async fn on_dispute_resolved(
    state: Arc<AppState>,
    event: Received<DisputeResolved>,
) -> Result<Outcome, ConsumeError> {
    let said = &event.body;
    let told = Told {
        outcome: Some(said.outcome),
        ..Told::of(said.taken, said.currency)
    };
    let wish = Wish::once_per_order(
        OrderMail::MerchantDisputeDecided,
        said.order_id,
        said.user_id,
    )
    .once_per_part(event.id, told);
    Ok(request_mails(&state, &event, vec![wish]).await?)
}
