//! `PATCH /admin/users/{id}/role`.

use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use common::ApiError;
use common::auth::{CurrentUser, Permission, Role};
use common::error::ErrorEnvelope;
use common::extract::{Json, Path};
use common::reply::{self, Success};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::person::PersonData;
use crate::app;
use crate::domain::ids::UserId;
use crate::startup::AppState;

/// The role to give.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "role": "merchant" }))]
pub(crate) struct ChangeRoleRequest {
    /// `customer`, `merchant`, `fulfilment`, `finance` or `admin`.
    role: Role,
}

/// Give an account another role. Its sessions end, since their tokens state the old one; the same role again changes
/// nothing.
#[utoipa::path(
    tag = "admin",
    operation_id = "change_role",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The account", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    request_body = ChangeRoleRequest,
    responses(
        (status = 200, description = "The account as it is now", body = Success<PersonData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators only", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: the last administrator must stay one", body = ErrorEnvelope),
    )
)]
#[patch("/admin/users/{id}/role")]
#[tracing::instrument(name = "http.change_role", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn change_role(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
    body: Json<ChangeRoleRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::GrantRoles)?;
    let person = app::people::change_role(&state, &caller, UserId(*id), body.role).await?;
    Ok(reply::ok(PersonData::from(person)))
}
