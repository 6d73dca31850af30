//! `POST /auth/2fa/enable`.

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

use super::qr_code;
use crate::app;
use crate::startup::AppState;

/// The password once more.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "password": "Sunlit-Harbour-42" }))]
pub(crate) struct EnableTwoFactorRequest {
    /// The account's password.
    #[garde(length(chars, min = 1, max = 128))]
    password: String,
}

/// What an authenticator app needs; shown once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
    "otpauthUrl": "otpauth://totp/Agape:ada%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Agape",
    "qrCode": "data:image/png;base64,iVBORw0KGgo…"
}))]
pub(crate) struct Enrolment {
    /// For typing into the app: base32.
    secret: String,
    /// For opening the app on the same device.
    otpauth_url: String,
    /// The same address as a QR code: a PNG in a `data:` URL.
    qr_code: String,
}

/// Begin to turn two-factor authentication on.
///
/// The secret waits until `POST /auth/2fa/verify` proves that an app has it; asking again makes a new one. Nothing
/// changes for logins meanwhile.
#[utoipa::path(
    tag = "two-factor",
    operation_id = "enable_two_factor",
    security(("bearer" = [])),
    request_body = EnableTwoFactorRequest,
    responses(
        (status = 200, description = "What the app needs", body = Success<Enrolment>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`: also when the password is wrong", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: it is on already", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`", body = ErrorEnvelope),
    )
)]
#[post("/auth/2fa/enable")]
#[tracing::instrument(name = "http.enable_two_factor", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn enable_two_factor(
    state: Data<AppState>,
    caller: CurrentUser,
    body: Json<EnableTwoFactorRequest>,
) -> Result<HttpResponse, ApiError> {
    let made = app::two_factor::enable_two_factor(&state, &caller, &body.password).await?;
    let qr_code = qr_code::data_url(&made.otpauth_url).map_err(ApiError::internal)?;
    Ok(reply::ok(Enrolment {
        secret: made.secret,
        otpauth_url: made.otpauth_url,
        qr_code,
    }))
}
