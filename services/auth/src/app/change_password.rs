//! Setting another password, knowing the present one.

use common::auth::CurrentUser;
use diesel_async::AsyncConnection as _;
use events::auth::{MailKind, RevocationReason};
use serde_json::json;

use super::trail::{Actor, Trail};
use super::{Error, reauthentication, revocation};
use crate::domain::ids::SessionId;
use crate::domain::password::Password;
use crate::startup::AppState;
use crate::store;
use crate::store::one_time_tokens::Purpose;
use crate::store::sessions::Which;

/// Changes the caller's password and ends their other sessions: whoever knew the old one is out.
pub(crate) async fn change_password(
    state: &AppState,
    caller: &CurrentUser,
    current: &str,
    new: Password,
) -> Result<(), Error> {
    let user = reauthentication::confirm_password(state, caller, current).await?;
    let id = user.id();
    let new_hash = state.hasher.hash(new).await?;
    let trail = Trail::new(Actor::User(id, caller.role), state.clock.now());
    let mut conn = state.db.get().await?;
    let ended = conn
        .transaction(async |conn| {
            let locked = store::users::lock(conn, id).await?;
            // Changed meanwhile, by another request that knew the same password: it is no longer the present one.
            locked
                .filter(|locked| locked.password_hash == user.password_hash)
                .ok_or(Error::Credentials)?;
            store::users::set_password(conn, id, &new_hash, trail.now()).await?;
            // A link that somebody asked for before must not undo this.
            store::one_time_tokens::retire(conn, id, Purpose::PasswordReset, trail.now()).await?;
            let others = Which::AllBut(SessionId(caller.session_id));
            let reason = RevocationReason::PasswordChanged;
            let ended = revocation::revoke(conn, &trail, id, others, reason).await?;
            trail.audit(conn, "password.changed", id, json!({})).await?;
            trail
                .mail(conn, id, MailKind::PasswordChanged, &json!({}))
                .await?;
            Ok::<_, Error>(ended)
        })
        .await?;
    revocation::forget_now(state, &ended);
    Ok(())
}
