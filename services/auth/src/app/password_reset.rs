//! Setting a new password with a mailed link.

use actix_web::web::Data;
use common::context;
use common::crypto::sha256;
use diesel_async::AsyncConnection as _;
use events::auth::{MailKind, RevocationReason};
use serde_json::json;
use tokio::sync::Semaphore;

use super::mailed_link::{BAD_TOKEN, redeem};
use super::trail::{Actor, Trail};
use super::{Error, account_limit, revocation};
use crate::domain::email::Email;
use crate::domain::password::Password;
use crate::startup::AppState;
use crate::store;
use crate::store::one_time_tokens::Purpose;
use crate::store::sessions::Which;

/// How many links may be on their way to the database in this process.
static TURNS: Semaphore = Semaphore::const_new(64);

/// Asks for a link, for whoever may have this address.
///
/// The answer is given before anything is looked up, so that neither its content nor the time it takes tells whether
/// there is such an account; what is left to do is done behind it. Should the process die in between, the person asks
/// again. The limit counts the address asked for, known or not.
pub(crate) async fn request_password_reset(
    state: &Data<AppState>,
    email: Email,
) -> Result<(), Error> {
    account_limit::count(state, &email).await?;
    // A bound on what may wait behind answers; beyond it known and unknown addresses are refused alike.
    let turn = TURNS.try_acquire().map_err(|_none_left| Error::TooMany {
        retry_after_secs: 1,
    })?;
    let state = state.clone();
    let request = context::current().unwrap_or_else(context::Context::background);
    actix_web::rt::spawn(request.scope(async move {
        let _turn = turn;
        if let Err(error) = send_link(&state, &email).await {
            tracing::error!(cause = %error, "a password reset could not be recorded");
        }
    }));
    Ok(())
}

async fn send_link(state: &AppState, email: &Email) -> Result<(), Error> {
    let trail = Trail::new(Actor::Anonymous, state.clock.now());
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let Some(user) = store::users::find_by_email(conn, email).await? else {
            return Ok(());
        };
        trail
            .mail(conn, user.id(), MailKind::PasswordReset, &json!({}))
            .await?;
        Ok(trail
            .audit(conn, "password.reset_requested", user.id(), json!({}))
            .await?)
    })
    .await
}

/// Sets a new password by a mailed token. It ends every session and the lock on password logins; a second factor is
/// still asked for at the next login.
pub(crate) async fn reset_password(
    state: &AppState,
    token: &str,
    password: Password,
) -> Result<(), Error> {
    let hash = sha256(token.as_bytes());
    let trail = Trail::new(Actor::Anonymous, state.clock.now());
    {
        // Looked at first and used up later: a worthless token must not cost a password hash.
        let mut conn = state.db.get().await?;
        let purpose = Purpose::PasswordReset;
        store::one_time_tokens::find_owner(&mut conn, purpose, &hash, trail.now())
            .await?
            .ok_or(BAD_TOKEN)?;
    }
    let password_hash = state.hasher.hash(password).await?;
    let mut conn = state.db.get().await?;
    let ended = conn
        .transaction(async |conn| {
            let now = trail.now();
            let account = redeem(conn, Purpose::PasswordReset, &hash, now).await?;
            let user = account.id();
            store::users::set_password(conn, user, &password_hash, now).await?;
            let counted_as = sha256(account.email.unwrap_or_default().as_bytes());
            store::people::unlock_password(conn, user, &counted_as).await?;
            // Browsers that somebody else made known must not go on having attempts of their own.
            store::known_devices::delete_all(conn, user).await?;
            let reason = RevocationReason::PasswordReset;
            let ended = revocation::revoke(conn, &trail, user, Which::All, reason).await?;
            trail.audit(conn, "password.reset", user, json!({})).await?;
            trail
                .mail(conn, user, MailKind::PasswordChanged, &json!({}))
                .await?;
            Ok::<_, Error>(ended)
        })
        .await?;
    revocation::forget_now(state, &ended);
    Ok(())
}
