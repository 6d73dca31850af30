//! `GET /admin/inventory/stats`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::reply::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app;
use crate::startup::AppState;

/// How much there is of everything.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct InventoryStats {
    /// Variants that are known.
    items: i64,
    /// Those of them that are sold.
    active_items: i64,
    /// Units that there are.
    on_hand: i64,
    /// Units that are held for orders.
    reserved: i64,
    /// Units that are neither.
    available: i64,
    /// Variants that are low.
    low_stock: i64,
    /// Variants of which nothing is available.
    out_of_stock: i64,
}

/// Figures under their name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InventoryStatsData {
    stats: InventoryStats,
}

/// Count what there is.
#[utoipa::path(
    tag = "admin",
    operation_id = "get_inventory_stats",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Figures", body = Success<InventoryStatsData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
    )
)]
#[get("/admin/inventory/stats")]
#[tracing::instrument(name = "http.get_inventory_stats", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn get_inventory_stats(
    state: Data<AppState>,
    caller: CurrentUser,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditInventory)?;
    let figures = app::queries::figures(&state).await?;
    Ok(reply::ok(InventoryStatsData {
        stats: InventoryStats {
            items: figures.items,
            active_items: figures.active_items,
            on_hand: figures.on_hand,
            reserved: figures.reserved,
            available: figures.on_hand - figures.reserved,
            low_stock: figures.low,
            out_of_stock: figures.out,
        },
    }))
}
