//! Mails as operators see them, and sending one again.

use chrono::{DateTime, Utc};
use common::auth::CurrentUser;
use common::crypto::Place;
use common::paging::{Page, Pagination};
use diesel_async::AsyncConnection as _;
use messaging::idempotency::Making;
use serde_json::json;
use uuid::Uuid;

use super::Error;
use super::trail::Trail;
use crate::domain::address::Address;
use crate::domain::ids::{MessageId, SourceId, UserId};
use crate::domain::status::Status;
use crate::domain::template::Template;
use crate::startup::AppState;
use crate::store;
use crate::store::messages::{
    MessageFilter, MessageRow, NewMessage, RECIPIENT_COLUMN, RECIPIENT_INDEX, SentMail,
};

/// Which mails to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListNotifications {
    pub(crate) status: Option<Status>,
    pub(crate) template: Option<Template>,
    pub(crate) recipient: Option<Address>,
}

/// Mails about one thing that are told of at most.
const SENT_MOST: i64 = 100;

/// A mail with its recipient in clear.
#[derive(Debug, Clone)]
pub(crate) struct Notification {
    pub(crate) id: Uuid,
    pub(crate) template: String,
    pub(crate) user_id: Uuid,
    pub(crate) resend_of: Option<Uuid>,
    pub(crate) status: Status,
    pub(crate) recipient: Option<String>,
    pub(crate) attempts: i32,
    /// While it waits.
    pub(crate) next_attempt_at: Option<DateTime<Utc>>,
    pub(crate) provider_id: Option<String>,
    pub(crate) sent_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    pub(crate) last_error: Option<String>,
    pub(crate) delivery: Option<String>,
    pub(crate) delivery_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
}

/// The mails to a person about something that left, oldest first.
pub(crate) async fn sent_about(
    state: &AppState,
    user: UserId,
    source: SourceId,
) -> Result<Vec<SentMail>, Error> {
    let mut conn = state.db.get().await?;
    Ok(store::messages::sent_about(&mut conn, (user, source), SENT_MOST).await?)
}

/// One page of mails, newest first. Who looked is audited: the list shows addresses.
pub(crate) async fn list_notifications(
    state: &AppState,
    caller: &CurrentUser,
    command: &ListNotifications,
    page: Page,
) -> Result<(Vec<Notification>, Pagination), Error> {
    let trail = Trail::new(state.clock.now());
    let index = |address: &Address| state.pii.index().of(RECIPIENT_INDEX, &address.canonical());
    let filter = MessageFilter {
        status: command.status,
        template: command.template,
        recipient_bidx: command.recipient.as_ref().map(index),
    };
    let mut conn = state.db.get().await?;
    let (rows, total) = store::messages::list(&mut conn, &filter, page).await?;
    let facts = json!({
        "status": command.status.map(Status::name),
        "template": command.template.map(Template::name),
        "isByRecipient": command.recipient.is_some(),
        "page": page.number,
    });
    trail
        .audit(&mut conn, caller, "notifications.listed", "*", facts)
        .await?;
    let opened: Result<Vec<_>, _> = rows.into_iter().map(|row| open(state, row)).collect();
    Ok((opened?, page.of_total(total)))
}

/// Orders a mail once more: a mail of its own, with its own key, that says what is true when it is sent.
pub(crate) async fn resend_notification(
    state: &AppState,
    caller: &CurrentUser,
    id: MessageId,
    making: &Making<Notification>,
) -> Result<Notification, Error> {
    let trail = Trail::new(state.clock.now());
    let new_id = MessageId(making.id);
    let mut conn = state.db.get().await?;
    let made = conn
        .transaction(async |conn| {
            let before = store::messages::find(conn, id)
                .await?
                .ok_or(Error::NotFound("notification"))?;
            if !status_of(&before)?.has_ended() {
                return Err(Error::InvalidState("it is still being sent"));
            }
            let message = repetition(&before, new_id, &trail)?;
            store::messages::insert(conn, &[message], trail.now()).await?;
            let facts = json!({ "template": before.template, "newId": new_id.0 });
            trail
                .audit(conn, caller, "notification.resent", &id.to_string(), facts)
                .await?;
            let row = store::messages::find(conn, new_id)
                .await?
                .ok_or_else(|| Error::Bug(format!("message {new_id} was not inserted")))?;
            let made = open(state, row)?;
            // A mail that has just been ordered has no recipient yet, so the answer names nobody.
            making.settle(conn, &made).await?;
            Ok(made)
        })
        .await?;
    state.wake.notify_one();
    Ok(made)
}

fn repetition(before: &MessageRow, id: MessageId, trail: &Trail) -> Result<NewMessage, Error> {
    let template = before.template.parse();
    Ok(NewMessage {
        id,
        dedupe_key: format!("resend/{id}"),
        template: template.map_err(|_gone| Error::InvalidState("its template exists no more"))?,
        source: SourceId(before.source_id),
        user: UserId(before.user_id),
        // All repetitions point at the first.
        resend_of: Some(MessageId(before.resend_of.unwrap_or(before.id))),
        traceparent: trail.traceparent(),
        facts: before.facts.clone(),
    })
}

/// Opens what is sealed.
pub(crate) fn open(state: &AppState, row: MessageRow) -> Result<Notification, Error> {
    let status = status_of(&row)?;
    let place = Place {
        column: RECIPIENT_COLUMN,
        row: row.id,
    };
    let recipient = row
        .recipient_ct
        .as_deref()
        .map(|sealed| state.pii.open_text(place, sealed))
        .transpose()?;
    Ok(Notification {
        id: row.id,
        template: row.template,
        user_id: row.user_id,
        resend_of: row.resend_of,
        status,
        recipient,
        attempts: row.attempts,
        next_attempt_at: (!status.has_ended()).then_some(row.next_attempt_at),
        provider_id: row.provider_id,
        sent_at: row.sent_at,
        ended_at: row.ended_at,
        last_error: row.last_error,
        delivery: row.delivery,
        delivery_at: row.delivery_at,
        created_at: row.created_at,
    })
}

fn status_of(row: &MessageRow) -> Result<Status, Error> {
    row.status
        .parse()
        .map_err(|_unknown| Error::Bug(format!("unknown status {}", row.status)))
}
