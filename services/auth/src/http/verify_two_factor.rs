//! `POST /auth/2fa/verify`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::reply::{self, Success};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app;
use crate::domain::recovery_code::RecoveryCode;
use crate::startup::AppState;

/// The first code.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "totp": "492039" }))]
pub(crate) struct VerifyTwoFactorRequest {
    /// The six digits that the app shows.
    #[garde(length(chars, min = 1, max = 16))]
    totp: String,
}

/// What lets its owner in without the app; shown once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "recoveryCodes": ["8f3k-m2zp-q0wd-71hx", "c5t9-0ary-bn4e-v6sj"] }))]
pub(crate) struct RecoveryCodes {
    /// Ten codes, each good for one login.
    recovery_codes: Vec<String>,
}

/// Turn two-factor authentication on with the first code.
///
/// Every other session ends. The recovery codes are shown here and never again. Five wrong codes end the attempts for
/// 15 minutes.
#[utoipa::path(
    tag = "two-factor",
    operation_id = "verify_two_factor",
    security(("bearer" = [])),
    request_body = VerifyTwoFactorRequest,
    responses(
        (status = 200, description = "It is on; ten recovery codes", body = Success<RecoveryCodes>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`: also when the code is wrong (`details[0].field` is `totp`)",
         body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: no secret is waiting", body = ErrorEnvelope),
        (status = 429, description = "`RATE_LIMIT_EXCEEDED`: too many wrong codes", body = ErrorEnvelope),
    )
)]
#[post("/auth/2fa/verify")]
#[tracing::instrument(name = "http.verify_two_factor", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn verify_two_factor(
    state: Data<AppState>,
    caller: CurrentUser,
    body: Json<VerifyTwoFactorRequest>,
) -> Result<HttpResponse, ApiError> {
    let codes = app::two_factor::verify_two_factor(&state, &caller, &body.totp).await?;
    let recovery_codes = codes.iter().map(RecoveryCode::display).collect();
    Ok(reply::ok(RecoveryCodes { recovery_codes }))
}
