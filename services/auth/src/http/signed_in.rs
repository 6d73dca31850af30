//! The answer to a registration or login: tokens and the account.

use actix_web::HttpResponse;
use common::ApiError;
use common::crypto::Sealer;
use serde::Serialize;
use utoipa::ToSchema;

use super::cookies;
use super::user::User;
use crate::app::profile::Profile;
use crate::app::session::SignedIn;
use crate::keys::ACCESS_TOKEN_LIFETIME;

/// An account, and the token to speak for it. The refresh token is in a cookie and nowhere else.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignedInData {
    /// The account.
    user: User,
    /// For `Authorization: Bearer`.
    #[schema(example = "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IuKApiJ9.…")]
    access_token: String,
    /// How long it is good for, in seconds.
    #[schema(example = 900)]
    expires_in: u64,
}

impl SignedInData {
    /// What to show of a new session.
    pub(crate) fn open(pii: &Sealer, signed_in: &SignedIn) -> Result<Self, ApiError> {
        Ok(Self {
            user: Profile::open(pii, signed_in.user.clone())?.into(),
            access_token: signed_in.tokens.access.clone(),
            expires_in: ACCESS_TOKEN_LIFETIME.as_secs(),
        })
    }
}

/// Adds the cookies of a new session to its answer.
pub(crate) fn with_cookies(
    mut response: HttpResponse,
    signed_in: SignedIn,
) -> Result<HttpResponse, ApiError> {
    let refresh = cookies::set_refresh_token(signed_in.tokens.refresh);
    response.add_cookie(&refresh).map_err(ApiError::internal)?;
    if let Some(value) = signed_in.device_cookie {
        let device = cookies::set_known_device(value);
        response.add_cookie(&device).map_err(ApiError::internal)?;
    }
    Ok(response)
}
