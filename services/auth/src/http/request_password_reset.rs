//! `POST /auth/password-reset-request`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::reply::{self, Nothing, Success};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app;
use crate::domain::email::Email;
use crate::startup::AppState;

/// Whose password is lost.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "email": "ada@example.com" }))]
pub(crate) struct RequestPasswordResetRequest {
    /// The account's address, in any spelling.
    #[garde(skip)]
    email: String,
}

/// Ask for a link that sets a new password. Answer and time are the same whether or not there is such an account.
#[utoipa::path(
    tag = "auth",
    operation_id = "request_password_reset",
    request_body = RequestPasswordResetRequest,
    responses(
        (status = 200, description = "If there is such an account, a link is on its way", body = Success<Nothing>,
         example = json!({
            "status": "success",
            "message": "If there is an account with this address, we are sending a link to it", "data": {}
         })),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 429, description = "`RATE_LIMIT_EXCEEDED`: counted by the address asked for", body = ErrorEnvelope),
    )
)]
#[post("/auth/password-reset-request")]
#[tracing::instrument(name = "http.request_password_reset", skip_all)]
pub(crate) async fn request_password_reset(
    state: Data<AppState>,
    body: Json<RequestPasswordResetRequest>,
) -> Result<HttpResponse, ApiError> {
    let email =
        Email::parse(&body.email).map_err(|error| ApiError::invalid("email", error.to_string()))?;
    app::password_reset::request_password_reset(&state, email).await?;
    Ok(reply::message(
        "If there is an account with this address, we are sending a link to it",
    ))
}
