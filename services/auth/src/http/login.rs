//! `POST /auth/login`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use common::ApiError;
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::reply::{self, Success};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::cookies;
use super::signed_in::{SignedInData, with_cookies};
use crate::app;
use crate::app::login::Login;
use crate::app::second_factor::Proof;
use crate::app::session::Client;
use crate::domain::email::Email;
use crate::domain::password::Password;
use crate::startup::AppState;

/// What somebody presents to get in.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "email": "ada@example.com", "password": "Sunlit-Harbour-42", "totp": "492039" }))]
pub(crate) struct LoginRequest {
    /// Any spelling of the account's address.
    #[garde(skip)]
    email: String,
    /// The account's password.
    #[garde(length(chars, min = 1, max = 128))]
    password: String,
    /// The code of the authenticator app, where the account has a second factor.
    #[garde(length(chars, max = 16))]
    totp: Option<String>,
    /// A recovery code in its place.
    #[garde(length(chars, max = 64))]
    recovery_code: Option<String>,
}

impl LoginRequest {
    fn into_command(self, device_cookie: Option<String>) -> Result<Login, ApiError> {
        let email =
            Email::parse(&self.email).map_err(|e| ApiError::invalid("email", e.to_string()))?;
        let proof = match (self.totp, self.recovery_code) {
            (Some(_), Some(_)) => {
                return Err(ApiError::invalid(
                    "recoveryCode",
                    "must not be given together with totp",
                ));
            }
            (Some(code), None) => Some(Proof::Totp(code)),
            (None, Some(code)) => Some(Proof::RecoveryCode(code)),
            (None, None) => None,
        };
        let password = Password::offered(&self.password);
        Ok(Login {
            email,
            password,
            proof,
            device_cookie,
        })
    }
}

/// Open a session with a password and, where the account has one, a second factor.
///
/// An unknown address, a wrong password and a locked account are answered alike. Five failures lock the password
/// login of an account for 15 minutes, except in browsers that it knows.
#[utoipa::path(
    tag = "auth",
    operation_id = "login",
    request_body = LoginRequest,
    responses(
        (status = 200, description = "Signed in; the refresh token is in the cookie `refresh_token`",
         body = Success<SignedInData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`, or `TWO_FACTOR_REQUIRED` when the password is right and \
            a code is needed as well (`details[0].field` is `totp`)", body = ErrorEnvelope,
         example = json!({
            "status": "error", "code": "TWO_FACTOR_REQUIRED", "message": "a second factor is required",
            "userMessage": "Please enter the code of your authenticator app",
            "timestamp": "2026-01-13T10:30:00.123Z", "requestId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f",
            "details": [{ "field": "totp", "message": "is required" }]
         })),
        (status = 429, description = "`RATE_LIMIT_EXCEEDED`", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`", body = ErrorEnvelope),
    )
)]
#[post("/auth/login")]
#[tracing::instrument(name = "http.login", skip_all)]
pub(crate) async fn login(
    state: Data<AppState>,
    request: HttpRequest,
    client: Client,
    body: Json<LoginRequest>,
) -> Result<HttpResponse, ApiError> {
    let command = body
        .into_inner()
        .into_command(cookies::known_device(&request))?;
    let signed_in = app::login::login(&state, &client, command).await?;
    let data = SignedInData::open(&state.pii, &signed_in)?;
    with_cookies(reply::ok(data), signed_in)
}
