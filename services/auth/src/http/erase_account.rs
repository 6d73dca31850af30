//! `DELETE /gdpr/account`.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::reply::{self, Nothing, Success};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app;
use crate::startup::AppState;

/// The password once more.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "password": "Sunlit-Harbour-42", "reason": "I no longer shop here" }))]
pub(crate) struct EraseAccountRequest {
    /// The account's password.
    #[garde(length(chars, min = 1, max = 128))]
    password: String,
    /// Why, if its owner wants to say so.
    #[garde(length(chars, max = 1000))]
    reason: Option<String>,
}

/// Erase one's account. This cannot be undone.
///
/// Everything that names or locates its owner is gone at once, every session ends, and the other services erase their
/// part. Books that the law requires stay, under a pseudonym.
#[utoipa::path(
    tag = "privacy",
    operation_id = "erase_account",
    security(("bearer" = [])),
    request_body = EraseAccountRequest,
    responses(
        (status = 200, description = "Erased", body = Success<Nothing>, example = json!({
            "status": "success", "message": "Your account is erased", "data": {}
        })),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`: also when the password is wrong", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: the last administrator must stay", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`", body = ErrorEnvelope),
    )
)]
#[delete("/gdpr/account")]
#[tracing::instrument(name = "http.erase_account", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn erase_account(
    state: Data<AppState>,
    caller: CurrentUser,
    body: Json<EraseAccountRequest>,
) -> Result<HttpResponse, ApiError> {
    let reason = body.reason.as_deref();
    app::erase_account::erase_account(&state, &caller, &body.password, reason).await?;
    Ok(reply::message("Your account is erased"))
}
