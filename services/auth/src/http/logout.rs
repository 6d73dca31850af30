//! `POST /auth/logout`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::reply::{self, Nothing, Success};

use super::cookies;
use crate::app;
use crate::startup::AppState;

/// End this session: its tokens stop working at once.
#[utoipa::path(
    tag = "auth",
    operation_id = "logout",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Ended; the cookie is cleared", body = Success<Nothing>,
         example = json!({ "status": "success", "message": "You are signed out", "data": {} })),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
    )
)]
#[post("/auth/logout")]
#[tracing::instrument(name = "http.logout", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn logout(
    state: Data<AppState>,
    caller: CurrentUser,
) -> Result<HttpResponse, ApiError> {
    app::sessions::logout(&state, &caller).await?;
    let mut response = reply::message("You are signed out");
    response
        .add_cookie(&cookies::clear_refresh_token())
        .map_err(ApiError::internal)?;
    Ok(response)
}
