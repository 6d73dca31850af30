//! Switching the second factor on and off.
//!
//! On takes two steps: a secret is made and shown once, and the first code from the app proves that it arrived there.
//! Both directions end every other session, since whoever sits in one may be whom the change is meant to shut out.

use common::auth::CurrentUser;
use common::crypto::{CryptoError, Place, random_bytes};
use common::ids;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::auth::{MailKind, RevocationReason};
use serde_json::json;

use super::second_factor::{self, Proof, Verdict};
use super::trail::{Actor, Trail};
use super::{Error, reauthentication, revocation};
use crate::domain::ids::{SessionId, UserId};
use crate::domain::recovery_code::{CODE_BYTES, CODES, RecoveryCode};
use crate::domain::totp::{SECRET_BYTES, TotpSecret};
use crate::startup::AppState;
use crate::store;
use crate::store::second_factor::{NewRecoveryCode, SECRET_COLUMN};
use crate::store::sessions::Which;

/// What an authenticator app needs to know; shown once and never again.
pub(crate) struct Enrolment {
    /// For typing.
    pub(crate) secret: String,
    /// For the QR code.
    pub(crate) otpauth_url: String,
}

/// Makes a secret that waits for its first code. Asking again replaces it.
pub(crate) async fn enable_two_factor(
    state: &AppState,
    caller: &CurrentUser,
    password: &str,
) -> Result<Enrolment, Error> {
    let user = reauthentication::confirm_password(state, caller, password).await?;
    let id = user.id();
    let secret = TotpSecret::new(random::<SECRET_BYTES>()?);
    let place = Place {
        column: SECRET_COLUMN,
        row: id.0,
    };
    let sealed = state.pii.seal(place, secret.as_bytes())?;
    let otpauth_url = secret
        .otpauth_url(user.email.as_deref().unwrap_or_default())
        .map_err(|error| Error::Bug(error.to_string()))?;

    let trail = Trail::new(Actor::User(id, caller.role), state.clock.now());
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let factor = store::second_factor::lock(conn, id).await?;
        if factor.is_none_or(|factor| factor.enabled_at.is_some()) {
            return Err(Error::InvalidState(
                "two-factor authentication is already on",
            ));
        }
        let key = state.pii.current_key();
        store::second_factor::begin(conn, id, &sealed, key, trail.now()).await?;
        Ok(trail
            .audit(conn, "two_factor.enrolment_started", id, json!({}))
            .await?)
    })
    .await?;
    Ok(Enrolment {
        secret: secret.to_base32(),
        otpauth_url,
    })
}

/// Turns the waiting secret on with its first code; answers the recovery codes, which are never shown again.
pub(crate) async fn verify_two_factor(
    state: &AppState,
    caller: &CurrentUser,
    code: &str,
) -> Result<Vec<RecoveryCode>, Error> {
    let id = UserId(caller.id);
    let codes = (0..CODES)
        .map(|_| random::<CODE_BYTES>().map(RecoveryCode::new))
        .collect::<Result<Vec<_>, _>>()?;
    let trail = Trail::new(Actor::User(id, caller.role), state.clock.now());
    let mut conn = state.db.get().await?;
    let (verdict, ended) = conn
        .transaction(async |conn| {
            let factor = store::second_factor::lock(conn, id).await?;
            let factor = factor.ok_or(Error::NotFound("account"))?;
            if factor.enabled_at.is_some() || factor.secret_ct.is_none() {
                return Err(Error::InvalidState(
                    "no enrolment is waiting for its first code",
                ));
            }
            let verdict =
                second_factor::check_code(conn, &state.pii, id, &factor, code, trail.now()).await?;
            let ended = match verdict {
                Verdict::Passed => turn_on(conn, caller, &codes, &trail).await?,
                _ => Vec::new(),
            };
            Ok::<_, Error>((verdict, ended))
        })
        .await?;
    revocation::forget_now(state, &ended);
    verdict.require()?;
    Ok(codes)
}

async fn turn_on(
    conn: &mut AsyncPgConnection,
    caller: &CurrentUser,
    codes: &[RecoveryCode],
    trail: &Trail,
) -> Result<Vec<SessionId>, Error> {
    let (id, now) = (UserId(caller.id), trail.now());
    let rows: Vec<NewRecoveryCode> = codes
        .iter()
        .map(|code| NewRecoveryCode {
            id: ids::new_id(),
            user_id: id.0,
            code_hash: second_factor::hash_of(code).to_vec(),
            created_at: now,
        })
        .collect();
    store::second_factor::enable(conn, id, now).await?;
    store::second_factor::replace_recovery_codes(conn, id, &rows).await?;
    // This session has just proved the second factor; its next access token says so.
    store::second_factor::note_proved(conn, SessionId(caller.session_id)).await?;
    trail
        .audit(conn, "two_factor.enabled", id, json!({}))
        .await?;
    trail
        .mail(conn, id, MailKind::TwoFactorEnabled, &json!({}))
        .await?;
    end_other_sessions(conn, caller, trail).await
}

/// Turns the second factor off, for whoever knows the password and holds the factor.
pub(crate) async fn disable_two_factor(
    state: &AppState,
    caller: &CurrentUser,
    password: &str,
    proof: Option<Proof>,
) -> Result<(), Error> {
    let user = reauthentication::confirm_password(state, caller, password).await?;
    let trail = Trail::new(Actor::User(user.id(), caller.role), state.clock.now());
    let mut conn = state.db.get().await?;
    let (verdict, ended) = conn
        .transaction(async |conn| {
            let now = trail.now();
            let verdict =
                second_factor::check(conn, &state.pii, &user, proof.as_ref(), now).await?;
            let ended = match verdict {
                Verdict::NotNeeded => {
                    return Err(Error::InvalidState(
                        "two-factor authentication is already off",
                    ));
                }
                Verdict::Passed => turn_off(conn, caller, &trail).await?,
                Verdict::Missing | Verdict::Refused | Verdict::Locked { .. } => Vec::new(),
            };
            Ok((verdict, ended))
        })
        .await?;
    revocation::forget_now(state, &ended);
    verdict.require()
}

async fn turn_off(
    conn: &mut AsyncPgConnection,
    caller: &CurrentUser,
    trail: &Trail,
) -> Result<Vec<SessionId>, Error> {
    let id = UserId(caller.id);
    store::second_factor::disable(conn, id, trail.now()).await?;
    trail
        .audit(conn, "two_factor.disabled", id, json!({}))
        .await?;
    trail
        .mail(conn, id, MailKind::TwoFactorDisabled, &json!({}))
        .await?;
    end_other_sessions(conn, caller, trail).await
}

async fn end_other_sessions(
    conn: &mut AsyncPgConnection,
    caller: &CurrentUser,
    trail: &Trail,
) -> Result<Vec<SessionId>, Error> {
    let others = Which::AllBut(SessionId(caller.session_id));
    let reason = RevocationReason::TwoFactorChanged;
    revocation::revoke(conn, trail, UserId(caller.id), others, reason).await
}

/// Random bytes, at most 32.
fn random<const N: usize>() -> Result<[u8; N], CryptoError> {
    random_bytes()?
        .first_chunk()
        .copied()
        .ok_or(CryptoError::NoRandomness)
}
