//! Being forgotten.

use common::auth::CurrentUser;
use common::crypto::{Place, sha256};
use common::ids;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::auth::{EraseRequested, MailKind, MailRequested, RevocationReason, UserErased};
use serde_json::json;

use super::people::LAST_ADMIN;
use super::trail::{Actor, Trail};
use super::{Error, reauthentication, revocation};
use crate::domain::ids::{MailId, PrivacyRequestId, SessionId};
use crate::startup::AppState;
use crate::store;
use crate::store::mail_collection::RECIPIENT_COLUMN;
use crate::store::sessions::Which;
use crate::store::users::UserRow;

/// Erases the caller's account at once: what names or locates them is gone from this service with the commit, and the
/// other services hear that they have to do the same. The row stays as a pseudonym for the books.
pub(crate) async fn erase_account(
    state: &AppState,
    caller: &CurrentUser,
    password: &str,
    reason: Option<&str>,
) -> Result<(), Error> {
    let user = reauthentication::confirm_password(state, caller, password).await?;
    let id = user.id();
    let trail = Trail::new(Actor::User(id, caller.role), state.clock.now());
    let request = PrivacyRequestId(ids::new_id());
    let mut conn = state.db.get().await?;
    let ended = conn
        .transaction(async |conn| {
            let admins = store::people::lock_admins(conn).await?;
            if admins == [id] {
                return Err(LAST_ADMIN);
            }
            let user = store::users::lock(conn, id)
                .await?
                .ok_or(Error::NotFound("account"))?;
            store::privacy_requests::request_erasure(conn, request, id, reason, trail.now())
                .await?;
            let ended = erase(conn, &user, &trail).await?;
            say_goodbye(conn, state, &user, &trail).await?;
            announce(conn, state, &user, request, &trail).await?;
            Ok(ended)
        })
        .await?;
    revocation::forget_now(state, &ended);
    Ok(())
}

async fn erase(
    conn: &mut AsyncPgConnection,
    user: &UserRow,
    trail: &Trail,
) -> Result<Vec<SessionId>, Error> {
    let id = user.id();
    let reason = RevocationReason::Erased;
    let ended = revocation::revoke(conn, trail, id, Which::All, reason).await?;
    let address = user.email.as_deref().unwrap_or_default();
    store::people::unlock_password(conn, id, &sha256(address.as_bytes())).await?;
    store::personal_data::erase(conn, id, trail.now()).await?;
    Ok(ended)
}

/// The last mail needs an address that the account no longer has: it is kept with the mail, sealed, for a few days.
async fn say_goodbye(
    conn: &mut AsyncPgConnection,
    state: &AppState,
    user: &UserRow,
    trail: &Trail,
) -> Result<(), Error> {
    let (mail_id, user_id, kind) = (ids::new_id(), user.id(), MailKind::AccountErased);
    let address = user.email.as_deref().unwrap_or_default();
    let place = Place {
        column: RECIPIENT_COLUMN,
        row: mail_id,
    };
    let sealed = state.file_sealer.seal(place, address.as_bytes())?;
    let (name, now) = (kind.as_str(), trail.now());
    store::mail_requests::insert(conn, mail_id, user_id, name, &json!({}), now).await?;
    store::mail_collection::keep_recipient(conn, MailId(mail_id), &sealed).await?;
    let event = MailRequested {
        mail_id,
        user_id: user_id.0,
        kind,
    };
    Ok(trail.event(conn, &event, 1).await?)
}

async fn announce(
    conn: &mut AsyncPgConnection,
    state: &AppState,
    user: &UserRow,
    request: PrivacyRequestId,
    trail: &Trail,
) -> Result<(), Error> {
    let (id, version) = (user.id(), i64::from(user.version) + 1);
    let asked = EraseRequested {
        request_id: request.0,
        user_id: id.0,
    };
    trail.event(conn, &asked, 1).await?;
    trail
        .event(conn, &UserErased { user_id: id.0 }, version)
        .await?;
    trail
        .audit(conn, "user.erased", id, json!({ "requestId": request.0 }))
        .await?;
    if state.settings.privacy.services.is_empty() {
        // Nobody else holds anything, so nobody has to confirm.
        store::privacy_requests::finish_erasure(conn, request, trail.now()).await?;
    }
    Ok(())
}
