//! `POST /categories`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::reply::{self, Success};

use super::category::{CategoryData, CreateCategoryRequest};
use crate::app;
use crate::startup::AppState;

/// Add a category.
#[utoipa::path(
    tag = "categories",
    operation_id = "create_category",
    security(("bearer" = [])),
    request_body = CreateCategoryRequest,
    responses(
        (status = 201, description = "Added", body = Success<CategoryData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
        (status = 409, description = "`CONFLICT`: the slug is taken", body = ErrorEnvelope),
    )
)]
#[post("/categories")]
#[tracing::instrument(name = "http.create_category", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn create_category(
    state: Data<AppState>,
    caller: CurrentUser,
    body: Json<CreateCategoryRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditCatalog)?;
    let new = body.into_inner().into();
    let row = app::categories::create_category(&state, &caller, new).await?;
    Ok(reply::created(CategoryData {
        category: row.into(),
    }))
}
