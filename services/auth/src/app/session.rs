//! Opening a session and issuing its tokens.

use chrono::{DateTime, Utc};
use common::auth::{AccessClaims, Role};
use common::crypto::{random_token, sha256};
use common::ids;
use diesel_async::AsyncPgConnection;

use super::Error;
use crate::domain::ids::{SessionId, UserId};
use crate::domain::refresh::{Fingerprint, SESSION_LIFETIME};
use crate::keys::ACCESS_TOKEN_LIFETIME;
use crate::startup::AppState;
use crate::store;
use crate::store::refresh_tokens::NewToken;
use crate::store::sessions::SessionRow;
use crate::store::users::UserRow;

/// Who sends a request, as far as that can be told.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// What tells one browser from another.
    pub(crate) fingerprint: Fingerprint,
    /// The browser's name for people.
    pub(crate) device_info: String,
    /// Its `User-Agent`.
    pub(crate) user_agent: String,
}

/// Both tokens of a session.
pub(crate) struct Tokens {
    /// For the `Authorization` header.
    pub(crate) access: String,
    /// For the cookie.
    pub(crate) refresh: String,
}

/// An account with a session just opened on it.
pub(crate) struct SignedIn {
    /// The account.
    pub(crate) user: UserRow,
    /// Its tokens.
    pub(crate) tokens: Tokens,
    /// The value of a new `known_device` cookie; `None` when the browser has a good one.
    pub(crate) device_cookie: Option<String>,
}

/// Stores a new session and its first refresh token in the caller's transaction. No earlier session or cookie has a
/// part in it, so that nobody can be led into a session that someone else prepared.
pub(crate) async fn open(
    conn: &mut AsyncPgConnection,
    user: UserId,
    client: &Client,
    mfa: bool,
    now: DateTime<Utc>,
) -> Result<(SessionId, String), Error> {
    let session = SessionRow {
        id: ids::new_id(),
        user_id: user.0,
        device_info: client.device_info.clone(),
        ip_address: client.fingerprint.ip.clone(),
        user_agent: client.user_agent.clone(),
        mfa,
        created_at: now,
        last_used_at: now,
        expires_at: now + SESSION_LIFETIME,
        revoked_at: None,
    };
    store::sessions::insert(conn, &session).await?;
    let refresh = random_token()?;
    let token = NewToken {
        id: ids::new_id(),
        session_id: session.id,
        parent_id: None,
        token_hash: sha256(refresh.as_bytes()).to_vec(),
        issued_at: now,
        expires_at: session.expires_at,
    };
    store::refresh_tokens::insert(conn, &token).await?;
    Ok((session.id(), refresh))
}

/// Signs an access token for a session.
pub(crate) fn access_token(
    state: &AppState,
    user: UserId,
    role: Role,
    session: SessionId,
    mfa: bool,
) -> Result<String, Error> {
    let iat = state.clock.now().timestamp();
    let lifetime = i64::try_from(ACCESS_TOKEN_LIFETIME.as_secs()).unwrap_or_default();
    let claims = AccessClaims {
        sub: user.0,
        sid: session.0,
        role,
        mfa,
        iss: state.settings.service.tokens.issuer.clone(),
        aud: state.settings.service.tokens.audience.clone(),
        iat,
        nbf: iat,
        exp: iat + lifetime,
        jti: ids::new_id(),
    };
    state.keys.sign(&claims).map_err(|error| {
        tracing::warn!(cause = %error, "an access token could not be signed");
        Error::NoSigningKey
    })
}
