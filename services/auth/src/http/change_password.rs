//! `POST /auth/change-password`.

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

use crate::app;
use crate::domain::password::Password;
use crate::startup::AppState;

/// The present password and the next.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "currentPassword": "Sunlit-Harbour-42", "newPassword": "Moonlit-Harbour-43" }))]
pub(crate) struct ChangePasswordRequest {
    /// The present one.
    #[garde(length(chars, min = 1, max = 128))]
    current_password: String,
    /// 8 to 128 characters with an upper-case and a lower-case letter, a digit and a special character.
    #[garde(skip)]
    new_password: String,
}

/// Set another password. Every other session ends.
#[utoipa::path(
    tag = "auth",
    operation_id = "change_password",
    security(("bearer" = [])),
    request_body = ChangePasswordRequest,
    responses(
        (status = 200, description = "Changed", body = Success<Nothing>,
         example = json!({ "status": "success", "message": "Your password is changed", "data": {} })),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`: also when the present password is wrong",
         body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`", body = ErrorEnvelope),
    )
)]
#[post("/auth/change-password")]
#[tracing::instrument(name = "http.change_password", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn change_password(
    state: Data<AppState>,
    caller: CurrentUser,
    body: Json<ChangePasswordRequest>,
) -> Result<HttpResponse, ApiError> {
    let new = Password::try_new(&body.new_password)
        .map_err(|error| ApiError::invalid("newPassword", error.to_string()))?;
    app::change_password::change_password(&state, &caller, &body.current_password, new).await?;
    Ok(reply::message("Your password is changed"))
}
