//! `reconciliation.completed`: a day's payments are compared with what the payment provider says.

use std::sync::Arc;

use events::reconciliation::ReconciliationCompleted;
use messaging::{ConsumeError, Outcome, Received};

use crate::app::finance_content::index_of;
use crate::app::request_mail::{Wish, request_mails};
use crate::domain::report::Report;
use crate::startup::AppState;

/// Tells each of finance.
///
/// # Errors
/// When the database does not take it.
pub async fn on_reconciliation_completed(
    state: Arc<AppState>,
    event: Received<ReconciliationCompleted>,
) -> Result<Outcome, ConsumeError> {
    let body = &event.body;
    let finance = state.settings.finance_emails.iter();
    let wishes = finance.map(|address| {
        let report = Report::of(body, index_of(&state, address));
        Wish::of_finance(body.run_id, report)
    });
    Ok(request_mails(&state, &event, wishes.collect()).await?)
}
