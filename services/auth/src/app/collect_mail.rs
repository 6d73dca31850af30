//! What a requested mail says, told to the mail service at the moment of sending.
//!
//! Links are made here and only here: a token exists in plain text in this answer and in the mail, nowhere else.

use chrono::{DateTime, TimeDelta, Utc};
use common::crypto::{Place, random_token, sha256};
use common::ids;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::auth::MailKind;
use serde_json::Value;

use super::{Error, consents};
use crate::domain::consent::ConsentType;
use crate::domain::ids::{MailId, UserId};
use crate::startup::AppState;
use crate::store;
use crate::store::mail_collection::{RECIPIENT_COLUMN, RequestedMail};
use crate::store::one_time_tokens::{NewOneTimeToken, Purpose};

/// How long a link that confirms an address works.
const VERIFY_EMAIL_FOR: TimeDelta = TimeDelta::hours(24);

/// How long a link that sets a password works: whoever reads the mailbox later must not find a key in it.
const PASSWORD_RESET_FOR: TimeDelta = TimeDelta::hours(1);

/// A mail ready to be rendered.
pub(crate) struct Mail {
    /// The request it answers.
    pub(crate) id: MailId,
    /// Whom it is about.
    pub(crate) user: UserId,
    /// Which mail.
    pub(crate) kind: MailKind,
    /// Where it goes.
    pub(crate) to: String,
    /// How to greet; none once the account is erased.
    pub(crate) name: Option<String>,
    /// What its button opens.
    pub(crate) link: Option<String>,
    /// When the link stops working.
    pub(crate) link_expires_at: Option<DateTime<Utc>>,
    /// What else it tells, such as the device of a login.
    pub(crate) facts: Value,
    /// Whether the person allows mails about offers.
    pub(crate) has_marketing_consent: bool,
}

/// Tells what a mail says, and makes its link. Asking again makes a new link and ends the one before.
pub(crate) async fn collect_mail(state: &AppState, id: MailId) -> Result<Mail, Error> {
    let now = state.clock.now();
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let requested = store::mail_collection::lock(conn, id).await?;
        let requested = requested.ok_or(Error::NotFound("mail"))?;
        let user = UserId(requested.user_id);
        let kind = MailKind::parse(&requested.kind)
            .ok_or_else(|| Error::Bug(format!("unknown mail kind {}", requested.kind)))?;
        if kind == MailKind::VerifyEmail && requested.verified_at.is_some() {
            return Err(Error::InvalidState(
                "the address was confirmed in the meantime",
            ));
        }
        let to = recipient(state, &requested)?;
        let link = match purpose(kind) {
            Some(purpose) => Some(mint(conn, state, user, purpose, now).await?),
            None => None,
        };
        let consents = consents::consents_of(conn, user).await?;
        store::mail_collection::note_collected(conn, id, now).await?;
        let (link, link_expires_at) = link.unzip();
        Ok(Mail {
            id,
            user,
            kind,
            to,
            name: requested.name,
            link,
            link_expires_at,
            facts: requested.facts,
            has_marketing_consent: consents.allows(ConsentType::Marketing),
        })
    })
    .await
}

/// The address that belongs to the account now; for one just erased, the address that was kept for its last mail.
fn recipient(state: &AppState, mail: &RequestedMail) -> Result<String, Error> {
    if let Some(email) = &mail.email {
        return Ok(email.clone());
    }
    let sealed = mail.recipient_ct.as_deref();
    let sealed = sealed.ok_or(Error::InvalidState("the account was erased"))?;
    let place = Place {
        column: RECIPIENT_COLUMN,
        row: mail.id,
    };
    Ok(state.file_sealer.open_text(place, sealed)?)
}

fn purpose(kind: MailKind) -> Option<Purpose> {
    match kind {
        MailKind::VerifyEmail => Some(Purpose::VerifyEmail),
        MailKind::PasswordReset => Some(Purpose::PasswordReset),
        _ => None,
    }
}

async fn mint(
    conn: &mut AsyncPgConnection,
    state: &AppState,
    user: UserId,
    purpose: Purpose,
    now: DateTime<Utc>,
) -> Result<(String, DateTime<Utc>), Error> {
    let (page, lifetime) = match purpose {
        Purpose::VerifyEmail => ("verify-email", VERIFY_EMAIL_FOR),
        Purpose::PasswordReset => ("password-reset", PASSWORD_RESET_FOR),
    };
    let token = random_token()?;
    let expires_at = now + lifetime;
    let stored = NewOneTimeToken {
        id: ids::new_id(),
        user,
        purpose,
        hash: sha256(token.as_bytes()),
        created_at: now,
        expires_at,
    };
    store::one_time_tokens::replace(conn, &stored).await?;
    // The base is a setting and never the Host header of a request, which a stranger chooses; and the token stands
    // after the #, which no browser sends anywhere.
    let base = state.settings.public_url.as_str().trim_end_matches('/');
    Ok((
        format!("{base}/api/v1/auth/{page}#token={token}"),
        expires_at,
    ))
}
