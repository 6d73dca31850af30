//! The provider tells something. All that happens before it is answered is that one row is kept.

use common::crypto::{Place, sha256};
use common::database::DbError;
use common::{failpoint, ids};

use super::Error;
use crate::domain::webhook_event::WebhookEvent;
use crate::startup::AppState;
use crate::store;
use crate::store::webhook_events::{BODY_COLUMN, NewEvent};

/// What an event comes to that is known.
const DUPLICATE: &str = "duplicate";

/// Keeps what was told, once for each event, whatever it is. The signature over `body` was right.
pub(crate) async fn hear_webhook(state: &AppState, body: &[u8]) -> Result<(), Error> {
    let hash = sha256(body);
    let told = WebhookEvent::read(body, &hex::encode(hash));
    let id = ids::new_id();
    let place = Place {
        column: BODY_COLUMN,
        row: id,
    };
    let event = NewEvent {
        id,
        key: told.key,
        body_sha256: hash.to_vec(),
        kind: told.kind,
        reference: told.reference.map(|one| one.as_str().to_owned()),
        dispute: told.dispute,
        body_ct: state.pii.seal(place, body)?,
        now: state.clock.now(),
    };
    failpoint::reach("payments.webhook_heard");
    let result = match keep(state, &event).await {
        // A connection that died while nobody used it; the next is a new one.
        Err(Error::Db(DbError::Unavailable(_))) => keep(state, &event).await?,
        other => other?,
    };
    failpoint::reach("payments.webhook_stored");
    state.counters.webhook(result);
    if result != DUPLICATE {
        state.webhook_came.notify_one();
    }
    Ok(())
}

/// Keeps an event; answers what that came to.
async fn keep(state: &AppState, event: &NewEvent) -> Result<&'static str, Error> {
    let mut conn = state.webhook_db.get().await?;
    if store::webhook_events::insert(&mut conn, event).await? {
        return Ok("stored");
    }
    let is_other = store::webhook_events::insert_contradiction(&mut conn, event).await?;
    Ok(if is_other { "contradiction" } else { DUPLICATE })
}
