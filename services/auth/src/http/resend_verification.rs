//! `POST /auth/verify-email/resend`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::reply::{self, Nothing, Success};

use crate::app;
use crate::startup::AppState;

/// Have the link that confirms one's e-mail address sent again. Older links stop working when it is sent.
#[utoipa::path(
    tag = "auth",
    operation_id = "resend_verification",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "It will be sent", body = Success<Nothing>, example = json!({
            "status": "success", "message": "We are sending you a new link", "data": {}
        })),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: the address is confirmed already", body = ErrorEnvelope),
        (status = 429, description = "`RATE_LIMIT_EXCEEDED`", body = ErrorEnvelope),
    )
)]
#[post("/auth/verify-email/resend")]
#[tracing::instrument(name = "http.resend_verification", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn resend_verification(
    state: Data<AppState>,
    caller: CurrentUser,
) -> Result<HttpResponse, ApiError> {
    app::verify_email::resend_verification(&state, &caller).await?;
    Ok(reply::message("We are sending you a new link"))
}
