//! What an access token says, and when it is believed.

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Role;
use super::jwt;

/// Tolerated difference between two machines' clocks, in seconds.
pub const LEEWAY_SECS: i64 = 60;
/// The type in an access token's header (RFC 9068 §2.1).
pub const ACCESS_TYPE: &str = "at+jwt";
/// No access token of ours lives longer, whatever its `exp` says.
const LIFETIME_MAX_SECS: i64 = 24 * 60 * 60;

/// The claims of an access token; all are required, and no other is read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The user.
    pub sub: Uuid,
    /// The session, which is also the family of its refresh tokens.
    pub sid: Uuid,
    /// The user's role when the token was issued; a change of role revokes the session.
    pub role: Role,
    /// Whether the session was opened with a second factor.
    pub mfa: bool,
    /// Who issued it.
    pub iss: String,
    /// Whom it is for; exactly one audience.
    pub aud: String,
    /// Issued at, seconds since the epoch.
    pub iat: i64,
    /// Not valid before.
    pub nbf: i64,
    /// Not valid from then on.
    pub exp: i64,
    /// The token's own id.
    pub jti: Uuid,
}

impl AccessClaims {
    /// Whether the claims hold at `now` for this issuer and audience.
    #[must_use]
    pub fn hold(&self, issuer: &str, audience: &str, now: DateTime<Utc>) -> bool {
        let now = now.timestamp();
        self.iss == issuer
            && self.aud == audience
            && !self.sub.is_nil()
            && !self.is_expired(now)
            && self.nbf <= now + LEEWAY_SECS
            && self.iat <= now + LEEWAY_SECS
            && self
                .exp
                .checked_sub(self.iat)
                .is_some_and(|life| (1..=LIFETIME_MAX_SECS).contains(&life))
    }

    /// Whether the token has expired at `now` (seconds since the epoch).
    #[must_use]
    pub fn is_expired(&self, now: i64) -> bool {
        self.exp.saturating_add(LEEWAY_SECS) <= now
    }
}

/// Signs an access token with RS256.
///
/// # Errors
/// When the key is not an RSA key.
pub fn sign_access_token(
    claims: &AccessClaims,
    kid: &str,
    key: &EncodingKey,
) -> Result<String, jsonwebtoken::errors::Error> {
    jwt::sign(claims, Algorithm::RS256, ACCESS_TYPE, kid, key)
}
