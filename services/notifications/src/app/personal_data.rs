//! What this service holds about a person: told to that person, or erased.

use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection as _;
use events::auth::EraseRequested;
use events::shared::PrivacyErased;
use messaging::inbox::{self, Seen};
use messaging::{Outcome, Received};
use serde::Serialize;

use super::Error;
use super::notifications::open;
use super::trail::Trail;
use crate::SERVICE;
use crate::domain::ids::UserId;
use crate::startup::AppState;
use crate::store;

/// One person's data in the notifications service.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonalData {
    notifications: Vec<MailData>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MailData {
    template: String,
    status: &'static str,
    recipient: Option<String>,
    created_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
    delivery: Option<String>,
    delivery_at: Option<DateTime<Utc>>,
}

/// Gathers a person's data. Somebody who never got a mail has an empty list; that is no error, as only auth knows who
/// exists.
pub(crate) async fn gather(state: &AppState, user: UserId) -> Result<PersonalData, Error> {
    let mut conn = state.db.get().await?;
    let rows = store::personal_data::mails_of(&mut conn, user).await?;
    let mails = rows.into_iter().map(|row| {
        let mail = open(state, row)?;
        Ok::<_, Error>(MailData {
            template: mail.template,
            status: mail.status.name(),
            recipient: mail.recipient,
            created_at: mail.created_at,
            sent_at: mail.sent_at,
            delivery: mail.delivery,
            delivery_at: mail.delivery_at,
        })
    });
    Ok(PersonalData {
        notifications: mails.collect::<Result<_, _>>()?,
    })
}

/// Forgets a person and confirms it. An address that is suppressed stays so, as a keyed hash: it must not get mail
/// again because its owner was forgotten.
pub(crate) async fn erase(
    state: &AppState,
    event: &Received<EraseRequested>,
) -> Result<Outcome, Error> {
    let trail = Trail::new(state.clock.now());
    let asked = &event.body;
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        if inbox::record(conn, event).await? == Seen::Before {
            return Ok(Outcome::Duplicate);
        }
        store::personal_data::erase(conn, UserId(asked.user_id), trail.now()).await?;
        let confirmed = PrivacyErased {
            request_id: asked.request_id,
            user_id: asked.user_id,
            service: SERVICE.name.to_owned(),
        };
        trail.event(conn, &confirmed).await?;
        Ok(Outcome::Applied)
    })
    .await
}
