//! `GET` and `POST /auth/verify-email`.

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
use crate::startup::AppState;

/// The token of a mailed link.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "token": "kJ8s1xW0uQmYp2c7Zb4n6Rt3Vd5Lf9Ha-Ge_XoIiTzE" }))]
pub(crate) struct VerifyEmailRequest {
    /// What follows `#token=` in the link.
    #[garde(length(chars, min = 1, max = 128))]
    token: String,
}

/// Confirm an e-mail address with the token that was mailed to it. A token works once, for 24 hours.
#[utoipa::path(
    tag = "auth",
    operation_id = "verify_email",
    request_body = VerifyEmailRequest,
    responses(
        (status = 200, description = "Confirmed", body = Success<Nothing>, example = json!({
            "status": "success", "message": "Your e-mail address is confirmed", "data": {}
        })),
        (status = 400, description = "`VALIDATION_ERROR`; a token that is wrong, used or expired is \
            `details[0].field` `token`", body = ErrorEnvelope),
    )
)]
#[post("/auth/verify-email")]
#[tracing::instrument(name = "http.verify_email", skip_all)]
pub(crate) async fn verify_email(
    state: Data<AppState>,
    body: Json<VerifyEmailRequest>,
) -> Result<HttpResponse, ApiError> {
    app::verify_email::verify_email(&state, &body.token).await?;
    Ok(reply::message("Your e-mail address is confirmed"))
}

/// The page that a mailed link opens. Opening it changes nothing; its button posts the token, which stands after the
/// `#` and reaches the server only then.
#[utoipa::path(
    tag = "auth",
    operation_id = "show_verify_email_page",
    responses((status = 200, description = "A page", content_type = "text/html", body = String,
        example = "<!doctype html>…"))
)]
#[get("/auth/verify-email")]
pub(crate) async fn show_verify_email_page() -> HttpResponse {
    pages::VERIFY_EMAIL.respond()
}
