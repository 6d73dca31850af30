//! `invoice.issued`: an invoice or a credit note is issued.

use std::sync::Arc;

use events::orders::{DocumentKind, InvoiceIssued};
use messaging::{ConsumeError, Outcome, Received};

use crate::app::request_mail::{Wish, request_mails_of};
use crate::domain::template::OrderMail;
use crate::domain::told::Told;
use crate::startup::AppState;

/// Confirms the order to its buyer, with the invoice; or tells of the credit note.
///
/// # Errors
/// When the database does not take it.
pub async fn on_invoice_issued(
    state: Arc<AppState>,
    events: Vec<Received<InvoiceIssued>>,
) -> Result<Vec<Outcome>, ConsumeError> {
    let wanted = events.iter().map(|event| (event, vec![wish(&event.body)]));
    Ok(request_mails_of(&state, wanted.collect()).await?)
}

fn wish(said: &InvoiceIssued) -> Wish {
    match said.kind {
        DocumentKind::Invoice => {
            Wish::once_per_order(OrderMail::Confirmation, said.order_id, said.user_id)
        }
        DocumentKind::CreditNote => {
            let told = Told {
                document_number: Some(said.number.clone()),
                ..Told::of(said.total, said.currency)
            };
            Wish::once_per_order(OrderMail::CreditNote, said.order_id, said.user_id)
                .once_per_part(said.invoice_id, told)
        }
    }
}
