//! `GET /admin/inventory/{variantId}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::{DateTime, Utc};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::movement::Movement;
use super::stock_item::StockItem;
use crate::app;
use crate::domain::ids::VariantId;
use crate::startup::AppState;
use crate::store::reservations::VariantHold;

/// An item with the newest of what happened to it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StockItemDetails {
    item: StockItem,
    /// The newest hundred, in any state.
    reservations: Vec<ItemReservation>,
    /// The newest hundred.
    movements: Vec<Movement>,
}

/// What an order holds, or held, of the item.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ItemReservation {
    order_id: Uuid,
    /// `active`, `committed`, `released` or `expired`.
    #[schema(example = "active")]
    state: String,
    quantity: i64,
    /// How many came back after the sale.
    returned: i64,
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<VariantHold> for ItemReservation {
    fn from(row: VariantHold) -> Self {
        Self {
            order_id: row.order_id,
            state: row.state,
            quantity: row.quantity,
            returned: row.returned,
            expires_at: row.expires_at,
            created_at: row.created_at,
        }
    }
}

/// What there is of a variant, and what happened to it last.
#[utoipa::path(
    tag = "admin",
    operation_id = "get_stock_item",
    security(("bearer" = [])),
    params(("variantId" = Uuid, Path, description = "The variant", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "The item", body = Success<StockItemDetails>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
    )
)]
#[get("/admin/inventory/{variantId}")]
#[tracing::instrument(name = "http.get_stock_item", skip_all, fields(user.hash = caller.log_hash(), variant.id = %variant))]
pub(crate) async fn get_stock_item(
    state: Data<AppState>,
    caller: CurrentUser,
    variant: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditInventory)?;
    let view = app::queries::get_item(&state, VariantId(*variant)).await?;
    Ok(reply::ok(StockItemDetails {
        item: view.item.into(),
        reservations: view
            .reservations
            .into_iter()
            .map(ItemReservation::from)
            .collect(),
        movements: view.movements.into_iter().map(Movement::from).collect(),
    }))
}
