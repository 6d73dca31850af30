//! Confirming an e-mail address.

use common::auth::CurrentUser;
use common::crypto::sha256;
use diesel_async::AsyncConnection as _;
use events::auth::{MailKind, UserVerified};
use serde_json::json;

use super::mailed_link::redeem;
use super::trail::{Actor, Trail};
use super::{Error, account_limit};
use crate::domain::ids::UserId;
use crate::startup::AppState;
use crate::store;
use crate::store::one_time_tokens::Purpose;

/// Confirms the address that a mailed token was sent to.
pub(crate) async fn verify_email(state: &AppState, token: &str) -> Result<(), Error> {
    let hash = sha256(token.as_bytes());
    let trail = Trail::new(Actor::Anonymous, state.clock.now());
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let user = redeem(conn, Purpose::VerifyEmail, &hash, trail.now())
            .await?
            .id();
        let Some(version) = store::people::set_verified(conn, user, trail.now()).await? else {
            return Ok(());
        };
        trail
            .event(conn, &UserVerified { user_id: user.0 }, version)
            .await?;
        Ok(trail.audit(conn, "user.verified", user, json!({})).await?)
    })
    .await
}

/// Sends the link again, unless the address is confirmed already. The older link stops working when the new one is
/// made.
pub(crate) async fn resend_verification(
    state: &AppState,
    caller: &CurrentUser,
) -> Result<(), Error> {
    let user = UserId(caller.id);
    account_limit::count_user(state, user).await?;
    let trail = Trail::new(Actor::User(user, caller.role), state.clock.now());
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let row = store::users::find(conn, user)
            .await?
            .ok_or(Error::NotFound("account"))?;
        if row.verified_at.is_some() {
            return Err(Error::InvalidState(
                "the e-mail address is already confirmed",
            ));
        }
        trail
            .mail(conn, user, MailKind::VerifyEmail, &json!({}))
            .await?;
        Ok(trail
            .audit(conn, "user.verification_requested", user, json!({}))
            .await?)
    })
    .await
}
