//! `DELETE /categories/{id}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Nothing, Success};
use uuid::Uuid;

use crate::app;
use crate::domain::ids::CategoryId;
use crate::startup::AppState;

/// Take away a category that nothing is in.
#[utoipa::path(
    tag = "categories",
    operation_id = "delete_category",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The category", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "Gone", body = Success<Nothing>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: it is not empty", body = ErrorEnvelope),
    )
)]
#[delete("/categories/{id}")]
#[tracing::instrument(name = "http.delete_category", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn delete_category(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditCatalog)?;
    app::categories::delete_category(&state, &caller, CategoryId(*id)).await?;
    Ok(reply::message("The category is deleted"))
}
