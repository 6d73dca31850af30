//! `POST /auth/2fa/disable`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::reply::{self, Nothing, Success};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::proof::proof_of;
use crate::app;
use crate::startup::AppState;

/// The password and the second factor once more.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "password": "Sunlit-Harbour-42", "totp": "492039" }))]
pub(crate) struct DisableTwoFactorRequest {
    /// The account's password.
    #[garde(length(chars, min = 1, max = 128))]
    password: String,
    /// The code that the app shows.
    #[garde(length(chars, max = 16))]
    totp: Option<String>,
    /// A recovery code in its place.
    #[garde(length(chars, max = 64))]
    recovery_code: Option<String>,
}

/// Turn two-factor authentication off. Every other session ends; the recovery codes stop working.
#[utoipa::path(
    tag = "two-factor",
    operation_id = "disable_two_factor",
    security(("bearer" = [])),
    request_body = DisableTwoFactorRequest,
    responses(
        (status = 200, description = "It is off", body = Success<Nothing>, example = json!({
            "status": "success", "message": "Two-factor authentication is off", "data": {}
        })),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`: also when the password or the code is wrong; \
            `TWO_FACTOR_REQUIRED` without a code", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: it is off already", body = ErrorEnvelope),
        (status = 429, description = "`RATE_LIMIT_EXCEEDED`: too many wrong codes", body = ErrorEnvelope),
    )
)]
#[post("/auth/2fa/disable")]
#[tracing::instrument(name = "http.disable_two_factor", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn disable_two_factor(
    state: Data<AppState>,
    caller: CurrentUser,
    body: Json<DisableTwoFactorRequest>,
) -> Result<HttpResponse, ApiError> {
    let body = body.into_inner();
    let proof = proof_of(body.totp, body.recovery_code)?;
    app::two_factor::disable_two_factor(&state, &caller, &body.password, proof).await?;
    Ok(reply::message("Two-factor authentication is off"))
}
