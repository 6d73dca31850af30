//! `PATCH /admin/inventory/{variantId}/stock`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, patch};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Json, Path};
use common::reply::{self, Success};
use common::version;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app;
use crate::app::change_stock::ChangeStock;
use crate::domain::change::Operation;
use crate::domain::ids::VariantId;
use crate::startup::AppState;

/// How what is on hand changes.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ChangeStockRequest {
    /// So many.
    #[garde(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, example = 50)]
    quantity: i64,
    /// Are there, came, or are gone.
    #[garde(skip)]
    operation: OperationName,
    /// Why.
    #[garde(inner(length(chars, min = 1, max = 500)))]
    #[serde(default)]
    #[schema(example = "counted")]
    reason: Option<String>,
    /// The version that the caller saw; without it, whatever there is is changed.
    #[garde(inner(range(min = 1)))]
    #[serde(default)]
    version: Option<i64>,
}

/// How a quantity is meant.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum OperationName {
    Set,
    Increment,
    Decrement,
}

impl From<OperationName> for Operation {
    fn from(name: OperationName) -> Self {
        match name {
            OperationName::Set => Self::Set,
            OperationName::Increment => Self::Increment,
            OperationName::Decrement => Self::Decrement,
        }
    }
}

/// What there is now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StockData {
    variant_id: Uuid,
    on_hand: i64,
    available: i64,
    version: i64,
}

/// Change what is on hand. A variant that is not known here yet is looked up in the catalogue.
#[utoipa::path(
    tag = "admin",
    operation_id = "change_stock",
    security(("bearer" = [])),
    params(("variantId" = Uuid, Path, description = "The variant", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    request_body = ChangeStockRequest,
    responses(
        (status = 200, description = "What there is now", body = Success<StockData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: nor does the catalogue know it", body = ErrorEnvelope),
        (status = 409, description = "`VERSION_CONFLICT`; `CONFLICT`: fewer than are reserved, fewer than none, or too many",
            body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: the database is away, or the catalogue for a variant that is \
            not known yet", body = ErrorEnvelope),
    )
)]
#[patch("/admin/inventory/{variantId}/stock")]
#[tracing::instrument(name = "http.change_stock", skip_all, fields(user.hash = caller.log_hash(), variant.id = %variant))]
pub(crate) async fn change_stock(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    variant: Path<Uuid>,
    body: Json<ChangeStockRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditInventory)?;
    let body = body.into_inner();
    let command = ChangeStock {
        variant: VariantId(*variant),
        operation: body.operation.into(),
        quantity: body.quantity,
        reason: body.reason,
        version: version::seen(&request, body.version)?,
    };
    let item = app::change_stock::change_stock(&state, &caller, &command).await?;
    Ok(reply::ok(StockData {
        variant_id: item.variant_id,
        on_hand: item.on_hand,
        available: item.on_hand - item.reserved,
        version: item.version,
    }))
}
