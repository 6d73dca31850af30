//! `PATCH /categories/{id}`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, patch};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Json, Path};
use common::reply::{self, Success};
use common::version;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::category::CategoryData;
use super::product_input as input;
use crate::app;
use crate::app::categories::CategoryChange;
use crate::domain::ids::CategoryId;
use crate::startup::AppState;

/// What to change. A part that is absent stays as it is; `null` takes an optional part away.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "name": "Laces", "parentId": null, "version": 2 }))]
pub(crate) struct ChangeCategoryRequest {
    #[garde(inner(length(chars, min = 1, max = 100)))]
    name: Option<String>,
    #[garde(skip)]
    slug: Option<String>,
    #[serde(default, deserialize_with = "input::present")]
    #[schema(value_type = Option<String>)]
    #[garde(inner(inner(length(chars, max = 2000))))]
    description: Option<Option<String>>,
    #[serde(default, deserialize_with = "input::present")]
    #[schema(value_type = Option<Uuid>)]
    #[garde(skip)]
    parent_id: Option<Option<Uuid>>,
    #[garde(inner(range(min = 0, max = 1_000_000)))]
    position: Option<i32>,
    #[garde(skip)]
    version: Option<i64>,
}

/// Change a category. It cannot stand below itself.
#[utoipa::path(
    tag = "categories",
    operation_id = "change_category",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The category", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen", example = "3"),
    ),
    request_body = ChangeCategoryRequest,
    responses(
        (status = 200, description = "The category as it is now", body = Success<CategoryData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`CONFLICT`: the slug is taken; `VERSION_CONFLICT`", body = ErrorEnvelope),
    )
)]
#[patch("/categories/{id}")]
#[tracing::instrument(name = "http.change_category", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn change_category(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    id: Path<Uuid>,
    body: Json<ChangeCategoryRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditCatalog)?;
    let body = body.into_inner();
    let change = CategoryChange {
        name: body.name,
        slug: body.slug,
        description: body.description,
        parent_id: body.parent_id,
        position: body.position,
        version: version::seen(&request, body.version)?,
    };
    let row = app::categories::change_category(&state, &caller, CategoryId(*id), change).await?;
    Ok(reply::ok(CategoryData {
        category: row.into(),
    }))
}
