//! `auth.mail_requested`: a mail about an account is due.

use std::sync::Arc;

use events::auth::MailRequested;
use messaging::{ConsumeError, Outcome, Received};

use crate::app;
use crate::startup::AppState;

/// Notes the mail; a sender does the rest.
///
/// # Errors
/// When the database does not take it.
pub async fn on_auth_mail_requested(
    state: Arc<AppState>,
    event: Received<MailRequested>,
) -> Result<Outcome, ConsumeError> {
    Ok(app::request_mail::request_auth_mail(&state, &event).await?)
}
