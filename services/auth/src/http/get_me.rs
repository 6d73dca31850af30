//! `GET /auth/me`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::reply::{self, Success};

use super::user::UserData;
use crate::app;
use crate::startup::AppState;

/// Read one's own account.
#[utoipa::path(
    tag = "auth",
    operation_id = "get_me",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The account", body = Success<UserData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
    )
)]
#[get("/auth/me")]
#[tracing::instrument(name = "http.get_me", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn get_me(
    state: Data<AppState>,
    caller: CurrentUser,
) -> Result<HttpResponse, ApiError> {
    let profile = app::profile::get_profile(&state, &caller).await?;
    Ok(reply::ok(UserData {
        user: profile.into(),
    }))
}
