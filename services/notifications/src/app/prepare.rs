//! From "a mail is due" to the exact bytes that ask the provider to send it.

use chrono::{DateTime, Utc};
use common::client::CallError;
use common::crypto::Place;

use super::Error;
use super::content::{self, Letter, NoLetter};
use super::deliver::{Ended, end, put_off};
use crate::clients::provider::{OutgoingMail, SendRequest};
use crate::domain::address::Address;
use crate::domain::attempt::Standing;
use crate::domain::ids::UserId;
use crate::domain::template::Template;
use crate::startup::AppState;
use crate::store;
use crate::store::claims::{ClaimedRow, SealedMail};
use crate::store::messages::{RECIPIENT_COLUMN, RECIPIENT_INDEX, REQUEST_COLUMN};
use crate::store::personal_data::ERASED;

/// Asks what a mail says, writes it, and keeps the request before anything leaves. None when there is nothing to send
/// now: the mail waits, or has ended.
pub(crate) async fn prepare(
    state: &AppState,
    row: &ClaimedRow,
) -> Result<Option<SendRequest>, Error> {
    let made = match make(state, row).await {
        Ok(made) => made,
        Err(NoLetter::Never(ended)) => {
            end(state, row, ended).await?;
            return Ok(None);
        }
        Err(NoLetter::Later(error)) => {
            wait_for_sibling(state, row, &error).await?;
            return Ok(None);
        }
    };
    let sealed = seal(state, row, &made)?;
    let is_leaving = {
        let mut conn = state.work_db.get().await?;
        let now = state.clock.now();
        store::claims::begin_sending(&mut conn, row.claim(), &sealed, now).await?
    };
    if is_leaving {
        return Ok(Some(made.request));
    }
    // Otherwise another sender has the row.
    if let Some(ended) = refusal(state, sealed).await? {
        end(state, row, ended).await?;
    }
    Ok(None)
}

/// Opens the request that was kept, for a repetition that does not differ in a single byte.
pub(crate) fn reopen(state: &AppState, row: &ClaimedRow) -> Result<SendRequest, Error> {
    let missing = || Error::Bug(format!("message {} is being sent and has no body", row.id));
    let sealed = row.request_ct.as_deref().ok_or_else(missing)?;
    Ok(SendRequest {
        idempotency_key: row.idempotency_key.clone().ok_or_else(missing)?,
        body: state.pii.open(place(REQUEST_COLUMN, row), sealed)?,
    })
}

/// Lets a mail wait until whoever knows what it says is back, however long that takes: attempts are counted, but no
/// number of them ends it.
async fn wait_for_sibling(
    state: &AppState,
    row: &ClaimedRow,
    error: &CallError,
) -> Result<(), Error> {
    let sibling = match error {
        CallError::Unavailable { service, .. } => {
            tracing::warn!(message.id = %row.id, cause = %error, "a mail waits for {service}");
            service
        }
        // Only a wrong key or a bug on either side: the mail is all right, and somebody has to mend it.
        CallError::Refused { service, .. } => {
            tracing::error!(message.id = %row.id, cause = %error, "{service} does not tell what a mail says");
            service
        }
    };
    state.counters.put_off(sibling);
    let standing = Standing {
        attempts: row.attempts.unsigned_abs(),
        perhaps_since: None,
        good_until: None,
    };
    let after = standing.backoff(rand::random());
    put_off(state, row, after, None, &error.to_string()).await
}

/// A mail that can leave.
struct Made {
    to: Address,
    request: SendRequest,
    /// Until when it is worth sending.
    good_until: Option<DateTime<Utc>>,
    owner: Option<UserId>,
}

/// The mail, or why there is none.
async fn make(state: &AppState, row: &ClaimedRow) -> Result<Made, NoLetter> {
    let template: Template = row
        .template
        .parse()
        .map_err(|error| NoLetter::unmakeable(format!("`{}` {error}", row.template)))?;
    let letter = content::ask(state, row, template).await?;
    let (to, request) = write(state, row, template, &letter).map_err(NoLetter::unmakeable)?;
    Ok(Made {
        to,
        request,
        good_until: letter.content.link_expires_at,
        owner: (!template.outlives_erasure()).then_some(UserId(row.user_id)),
    })
}

/// The address and the request, or why there can be none.
fn write(
    state: &AppState,
    row: &ClaimedRow,
    template: Template,
    letter: &Letter,
) -> Result<(Address, SendRequest), String> {
    let to = Address::parse(&letter.to).map_err(|error| format!("the recipient {error}"))?;
    let rendered = state
        .renderer
        .render(template, &letter.content)
        .map_err(|error| error.to_string())?;
    let body = state
        .provider
        .compose(&OutgoingMail {
            to: to.as_str(),
            subject: &rendered.subject,
            html: &rendered.html,
            text: &rendered.text,
            template: template.name(),
            attachment: letter.attachment.as_ref(),
        })
        .map_err(|error| error.to_string())?;
    let idempotency_key = format!("{template}/{}", row.id);
    Ok((
        to,
        SendRequest {
            idempotency_key,
            body,
        },
    ))
}

fn seal(state: &AppState, row: &ClaimedRow, mail: &Made) -> Result<SealedMail, Error> {
    let (to, request) = (&mail.to, &mail.request);
    Ok(SealedMail {
        owner: mail.owner,
        recipient_ct: state
            .pii
            .seal(place(RECIPIENT_COLUMN, row), to.as_str().as_bytes())?,
        recipient_bidx: state.pii.index().of(RECIPIENT_INDEX, &to.canonical()),
        key_id: state.pii.current_key().to_owned(),
        request_ct: state.pii.seal(place(REQUEST_COLUMN, row), &request.body)?,
        idempotency_key: request.idempotency_key.clone(),
        good_until: mail.good_until,
    })
}

/// Why a mail may not leave: its owner was forgotten, or its address gets none. The address is noted with the latter, so that
/// whoever is asked where the mail stayed finds it.
async fn refusal(state: &AppState, mail: SealedMail) -> Result<Option<Ended>, Error> {
    let mut conn = state.work_db.get().await?;
    if let Some(owner) = mail.owner
        && store::personal_data::is_erased(&mut conn, owner).await?
    {
        return Ok(Some(Ended::Cancelled(ERASED.to_owned())));
    }
    let reason = store::messages::find_suppression(&mut conn, &mail.recipient_bidx).await?;
    Ok(reason.map(|reason| Ended::Suppressed {
        why: format!("suppressed: {reason}"),
        recipient_ct: mail.recipient_ct,
        recipient_bidx: mail.recipient_bidx,
        key_id: mail.key_id,
    }))
}

fn place(column: &'static str, row: &ClaimedRow) -> Place<'static> {
    Place {
        column,
        row: row.id,
    }
}
