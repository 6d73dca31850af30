//! `GET /admin/users/{id}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use uuid::Uuid;

use super::person::PersonData;
use crate::app;
use crate::domain::ids::UserId;
use crate::startup::AppState;

/// Read an account.
#[utoipa::path(
    tag = "admin",
    operation_id = "get_user",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The account", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "The account", body = Success<PersonData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators only", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
    )
)]
#[get("/admin/users/{id}")]
#[tracing::instrument(name = "http.get_user", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn get_user(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ManageUsers)?;
    let person = app::people::get_user(&state, &caller, UserId(*id)).await?;
    Ok(reply::ok(PersonData::from(person)))
}
