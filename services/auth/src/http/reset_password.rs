//! `GET` and `POST /auth/password-reset`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use common::ApiError;
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::reply::{self, Nothing, Success};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::pages;
use crate::app;
use crate::domain::password::Password;
use crate::startup::AppState;

/// The token of a mailed link, and the new password.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "token": "kJ8s1xW0uQmYp2c7Zb4n6Rt3Vd5Lf9Ha-Ge_XoIiTzE", "password": "Moonlit-Harbour-43"
}))]
pub(crate) struct ResetPasswordRequest {
    /// What follows `#token=` in the link.
    #[garde(length(chars, min = 1, max = 128))]
    token: String,
    /// 8 to 128 characters with an upper-case and a lower-case letter, a digit and a special character.
    #[garde(skip)]
    password: String,
}

/// Set a new password with a mailed token, which works once, for an hour.
///
/// Every session ends and a lock after wrong passwords is lifted. A second factor is still asked for at the next login.
#[utoipa::path(
    tag = "auth",
    operation_id = "reset_password",
    request_body = ResetPasswordRequest,
    responses(
        (status = 200, description = "Set", body = Success<Nothing>, example = json!({
            "status": "success", "message": "Your new password is set; please sign in with it", "data": {}
        })),
        (status = 400, description = "`VALIDATION_ERROR`; a token that is wrong, used or expired is \
            `details[0].field` `token`, and a password against the rules is `password`", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`", body = ErrorEnvelope),
    )
)]
#[post("/auth/password-reset")]
#[tracing::instrument(name = "http.reset_password", skip_all)]
pub(crate) async fn reset_password(
    state: Data<AppState>,
    body: Json<ResetPasswordRequest>,
) -> Result<HttpResponse, ApiError> {
    let password = Password::try_new(&body.password)
        .map_err(|error| ApiError::invalid("password", error.to_string()))?;
    app::password_reset::reset_password(&state, &body.token, password).await?;
    Ok(reply::message(
        "Your new password is set; please sign in with it",
    ))
}

/// The page that a mailed link opens. Opening it changes nothing; its button posts the token and the new password.
#[utoipa::path(
    tag = "auth",
    operation_id = "show_password_reset_page",
    responses((status = 200, description = "A page", content_type = "text/html", body = String,
        example = "<!doctype html>…"))
)]
#[get("/auth/password-reset")]
pub(crate) async fn show_password_reset_page() -> HttpResponse {
    pages::PASSWORD_RESET.respond()
}
