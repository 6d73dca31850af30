//! What a mail says and to whom, from whoever knows it.

use common::client::CallError;

use super::deliver::Ended;
use super::{finance_content, order_content};
use crate::clients::provider::Attachment;
use crate::domain::attempt::Failure;
use crate::domain::ids::{SourceId, UserId};
use crate::domain::template::Template;
use crate::render::Content;
use crate::startup::AppState;
use crate::store::claims::ClaimedRow;

/// Why a mail that cannot be sent now is not sent at all.
const NOT_DUE: &str = "it was no longer due";

/// A mail before it is written.
pub(super) struct Letter {
    /// As its source tells it; not yet proven to be an address.
    pub(super) to: String,
    pub(super) content: Content,
    pub(super) attachment: Option<Attachment>,
}

/// Why there is no letter.
pub(super) enum NoLetter {
    /// Whoever knows it does not tell now.
    Later(CallError),
    /// There will be none.
    Never(Ended),
}

impl NoLetter {
    /// Nothing is wrong; the mail is only not sent.
    pub(super) fn not_sent(why: &str) -> Self {
        Self::Never(Ended::Cancelled(why.to_owned()))
    }

    /// Something is wrong, and a person has to look.
    pub(super) fn unmakeable(cause: impl Into<String>) -> Self {
        Self::Never(Ended::Failed(Failure::Unmakeable(cause.into())))
    }
}

impl From<CallError> for NoLetter {
    fn from(error: CallError) -> Self {
        Self::Later(error)
    }
}

/// Asks the service that has the mail's content for it, as it is now.
pub(super) async fn ask(
    state: &AppState,
    row: &ClaimedRow,
    template: Template,
) -> Result<Letter, NoLetter> {
    match template {
        Template::Account(_) => ask_auth(state, row).await,
        Template::Order(mail) => order_content::ask(state, row, mail).await,
        Template::Reconciliation => finance_content::letter(state, row),
    }
}

async fn ask_auth(state: &AppState, row: &ClaimedRow) -> Result<Letter, NoLetter> {
    let mail = state.auth_mails.collect(SourceId(row.source_id)).await?;
    let mail = mail.ok_or_else(|| NoLetter::not_sent(NOT_DUE))?;
    if UserId(mail.user_id) != UserId(row.user_id) {
        let cause = "auth tells of another person than its event did";
        return Err(NoLetter::unmakeable(cause));
    }
    Ok(Letter {
        to: mail.to,
        content: Content {
            name: mail.name,
            link: mail.link,
            link_expires_at: mail.link_expires_at,
            facts: mail.facts,
        },
        attachment: None,
    })
}
