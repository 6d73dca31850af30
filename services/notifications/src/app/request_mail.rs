//! Somebody wants a mail sent.

use common::ids;
use diesel_async::AsyncConnection as _;
use events::auth::MailRequested;
use messaging::inbox::{self, Seen};
use messaging::{Outcome, Received};

use super::Error;
use super::trail::Trail;
use crate::domain::ids::{MessageId, SourceId, UserId};
use crate::startup::AppState;
use crate::store;
use crate::store::messages::NewMessage;

/// Notes a mail that auth asks for. Nothing is asked or sent here: the senders do that, at their pace.
pub(crate) async fn request_auth_mail(
    state: &AppState,
    event: &Received<MailRequested>,
) -> Result<Outcome, Error> {
    let trail = Trail::new(state.clock.now());
    let wanted = &event.body;
    let message = NewMessage {
        id: MessageId(ids::new_id()),
        dedupe_key: format!("auth.mail_requested/{}", wanted.mail_id),
        template: wanted.kind.into(),
        source: SourceId(wanted.mail_id),
        user: UserId(wanted.user_id),
        resend_of: None,
        traceparent: trail.traceparent(),
    };
    let mut conn = state.work_db.get().await?;
    let outcome = conn
        .transaction(async |conn| {
            if inbox::record(conn, event).await? == Seen::Before {
                return Ok::<_, Error>(Outcome::Duplicate);
            }
            // The same wish under another event id is the same mail.
            let is_new = store::messages::insert(conn, &message, trail.now()).await?;
            Ok(if is_new {
                Outcome::Applied
            } else {
                Outcome::Duplicate
            })
        })
        .await?;
    if outcome == Outcome::Applied {
        state.wake.notify_one();
    }
    Ok(outcome)
}
