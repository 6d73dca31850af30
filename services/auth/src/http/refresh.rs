//! `POST /auth/refresh`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use common::ApiError;
use common::error::ErrorEnvelope;
use common::extract::OptionalJson;
use common::reply::{self, Success};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{cookies, origin};
use crate::app;
use crate::app::Error;
use crate::app::session::Client;
use crate::keys::ACCESS_TOKEN_LIFETIME;
use crate::startup::AppState;

/// For apps that keep no cookies.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "refreshToken": "q3Yp0cJk0q1m5b7o2m9d8w1x4z6v3n5t7r9y1u3i5o7" }))]
pub(crate) struct RefreshRequest {
    /// The refresh token, from the last answer's `Set-Cookie`.
    #[garde(length(bytes, max = 256))]
    refresh_token: String,
}

/// A new access token. The next refresh token is in a cookie and nowhere else.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefreshedData {
    /// For `Authorization: Bearer`.
    #[schema(example = "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IuKApiJ9.…")]
    access_token: String,
    /// How long it is good for, in seconds.
    #[schema(example = 900)]
    expires_in: u64,
}

/// Exchange the refresh token for a new access token and the next refresh token.
///
/// Each refresh token is good once. One that comes again later revokes its session; within ten seconds, from the same
/// browser, it gets the same successor, for two tabs may send it together. Needs no body and no content type.
#[utoipa::path(
    tag = "auth",
    operation_id = "refresh",
    request_body(content = Option<RefreshRequest>, description = "Only for apps without cookies"),
    params(("refresh_token" = Option<String>, Cookie, description = "The refresh token")),
    responses(
        (status = 200, description = "Exchanged; the next refresh token is in the cookie `refresh_token`",
         body = Success<RefreshedData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`: none given, unknown, expired, revoked or used before",
         body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: the request comes from a page of another site",
         body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`", body = ErrorEnvelope),
    )
)]
#[post("/auth/refresh")]
#[tracing::instrument(name = "http.refresh", skip_all)]
pub(crate) async fn refresh(
    state: Data<AppState>,
    request: HttpRequest,
    client: Client,
    body: OptionalJson<RefreshRequest>,
) -> Result<HttpResponse, ApiError> {
    origin::require_own(request.headers(), &state.settings.origins)?;
    let given = body.0.map(|body| body.refresh_token);
    let token = given
        .or_else(|| cookies::refresh_token(&request))
        .ok_or(Error::RefreshToken)?;
    let tokens = app::refresh::refresh(&state, &client, &token).await?;
    let mut response = reply::ok(RefreshedData {
        access_token: tokens.access,
        expires_in: ACCESS_TOKEN_LIFETIME.as_secs(),
    });
    let cookie = cookies::set_refresh_token(tokens.refresh);
    response.add_cookie(&cookie).map_err(ApiError::internal)?;
    Ok(response)
}
