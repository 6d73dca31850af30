//! `auth.mail_requested`: a mail about an account is due.

use std::sync::Arc;

use events::auth::MailRequested;
use messaging::{ConsumeError, Outcome, Received};

use crate::app::request_mail::{Wish, request_mails};
use crate::startup::AppState;

/// Notes the mail; a sender does the rest.
///
/// # Errors
/// When the database does not take it.
pub async fn on_auth_mail_requested(
    state: Arc<AppState>,
    event: Received<MailRequested>,
) -> Result<Outcome, ConsumeError> {
    let wish = Wish::of_auth(&event.body);
    Ok(request_mails(&state, &event, vec![wish]).await?)
}
