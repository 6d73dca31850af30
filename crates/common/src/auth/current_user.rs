//! The signed-in person, as an extractor: its presence in a handler's arguments is the check.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use uuid::Uuid;

use super::{Permission, Role, TokenVerifier, VerifyError};
use crate::context;
use crate::error::ApiError;

/// A person whose access token was checked.
#[derive(Debug, Clone)]
pub struct CurrentUser {
    /// The user.
    pub id: Uuid,
    /// The session the token belongs to.
    pub session_id: Uuid,
    /// What they may do.
    pub role: Role,
    /// Whether the session was opened with a second factor.
    pub mfa: bool,
    log_hash: String,
    requires_staff_2fa: bool,
}

impl CurrentUser {
    /// Passes if the person has the permission.
    ///
    /// # Errors
    /// 403 when the role has it not, or when staff must use a second factor and this session was opened without.
    pub fn require(&self, permission: Permission) -> Result<(), ApiError> {
        if !self.role.may(permission) {
            return Err(ApiError::forbidden("your role does not allow this"));
        }
        if self.requires_staff_2fa && !self.mfa {
            let error = ApiError::forbidden("staff must sign in with a second factor");
            return Err(error.with_user_message("Please turn on two-factor sign-in first"));
        }
        Ok(())
    }

    /// The keyed hash that stands for the person in logs.
    #[must_use]
    pub fn log_hash(&self) -> &str {
        &self.log_hash
    }
}

impl FromRequest for CurrentUser {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let verifier = request.app_data::<Data<TokenVerifier>>().cloned();
        let token = bearer(request).map(str::to_owned);
        Box::pin(async move {
            let verifier =
                verifier.ok_or_else(|| ApiError::internal("no token verifier is configured"))?;
            let claims = verifier.verify(&token?).await?;
            let user = Self {
                id: claims.sub,
                session_id: claims.sid,
                role: claims.role,
                mfa: claims.mfa,
                log_hash: verifier.log_hash(claims.sub),
                requires_staff_2fa: verifier.requires_staff_2fa(),
            };
            context::with_current(|c| c.note_user(user.log_hash.clone()));
            Ok(user)
        })
    }
}

impl From<VerifyError> for ApiError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Invalid => Self::unauthenticated("the access token is not valid"),
            VerifyError::Unavailable => Self::unavailable("tokens cannot be checked at the moment"),
        }
    }
}

/// The token of the one `Authorization: Bearer` header (RFC 6750 §2.1; the scheme's case does not matter).
///
/// # Errors
/// 401 when there is none, another scheme, or more than one header.
pub fn bearer(request: &HttpRequest) -> Result<&str, ApiError> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let first = headers
        .next()
        .ok_or_else(|| ApiError::unauthenticated("an access token is required"))?;
    if headers.next().is_some() {
        return Err(ApiError::unauthenticated(
            "more than one Authorization header",
        ));
    }
    let malformed = || ApiError::unauthenticated("the Authorization header is not a bearer token");
    let text = first.to_str().map_err(|_not_ascii| malformed())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() || token.contains([' ', ',']) {
        return Err(malformed());
    }
    Ok(token)
}
