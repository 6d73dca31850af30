//! `PATCH /admin/inventory/{variantId}`.

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

use super::stock_item::StockItemData;
use crate::app;
use crate::domain::ids::VariantId;
use crate::startup::AppState;

/// What to change.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ChangeStockItemRequest {
    /// From which number on it is low.
    #[garde(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, example = 5)]
    low_stock_threshold: i64,
    /// The version that the caller saw; without it, whatever there is is changed.
    #[garde(inner(range(min = 1)))]
    #[serde(default)]
    version: Option<i64>,
}

/// Change from which number on a variant's stock is low.
#[utoipa::path(
    tag = "admin",
    operation_id = "change_stock_item",
    security(("bearer" = [])),
    params(("variantId" = Uuid, Path, description = "The variant", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    request_body = ChangeStockItemRequest,
    responses(
        (status = 200, description = "The item", body = Success<StockItemData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`VERSION_CONFLICT`", body = ErrorEnvelope),
    )
)]
#[patch("/admin/inventory/{variantId}")]
#[tracing::instrument(name = "http.change_stock_item", skip_all, fields(user.hash = caller.log_hash(), variant.id = %variant))]
pub(crate) async fn change_stock_item(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    variant: Path<Uuid>,
    body: Json<ChangeStockItemRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditInventory)?;
    let (variant, threshold) = (VariantId(*variant), body.low_stock_threshold);
    let seen = version::seen(&request, body.version)?;
    let changed = app::change_stock::set_threshold(&state, &caller, variant, threshold, seen);
    let item = changed.await?.into();
    Ok(reply::ok(StockItemData { item }))
}
