//! The caller's own sessions.

use common::auth::CurrentUser;
use diesel_async::AsyncConnection as _;
use events::auth::RevocationReason;

use super::trail::{Actor, Trail};
use super::{Error, revocation};
use crate::domain::ids::{SessionId, UserId};
use crate::startup::AppState;
use crate::store;
use crate::store::sessions::{SessionRow, Which};

/// The most sessions listed; nobody has as many browsers.
const LISTED_MAX: i64 = 100;

/// Those that are alive, most recently used first.
pub(crate) async fn list_sessions(
    state: &AppState,
    caller: &CurrentUser,
) -> Result<Vec<SessionRow>, Error> {
    let mut conn = state.db.get().await?;
    let now = state.clock.now();
    Ok(store::sessions::list_live(&mut conn, UserId(caller.id), now, LISTED_MAX).await?)
}

/// Ends the session that the caller speaks in. Ending it twice is not an error.
pub(crate) async fn logout(state: &AppState, caller: &CurrentUser) -> Result<(), Error> {
    let session = SessionId(caller.session_id);
    end(state, caller, session, RevocationReason::Logout)
        .await
        .map(drop)
}

/// Ends one of the caller's sessions.
///
/// # Errors
/// [`Error::NotFound`] when there is no such live session, or it is somebody else's.
pub(crate) async fn revoke_session(
    state: &AppState,
    caller: &CurrentUser,
    session: SessionId,
) -> Result<(), Error> {
    let ended = end(state, caller, session, RevocationReason::RevokedByUser).await?;
    if ended.is_empty() {
        Err(Error::NotFound("session"))
    } else {
        Ok(())
    }
}

async fn end(
    state: &AppState,
    caller: &CurrentUser,
    session: SessionId,
    reason: RevocationReason,
) -> Result<Vec<SessionId>, Error> {
    let user = UserId(caller.id);
    let trail = Trail::new(Actor::User(user, caller.role), state.clock.now());
    let mut conn = state.db.get().await?;
    let ended = conn
        .transaction(async |conn| {
            revocation::revoke(conn, &trail, user, Which::Only(session), reason).await
        })
        .await?;
    revocation::forget_now(state, &ended);
    Ok(ended)
}
