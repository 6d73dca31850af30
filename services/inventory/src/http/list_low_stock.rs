//! `GET /admin/inventory/low-stock`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::paging::PageQuery;
use common::reply::Success;

use super::list_stock_items::{StockItemsData, answer};
use crate::startup::AppState;
use crate::store::items::ItemFilter;

/// List what is low.
#[utoipa::path(
    tag = "admin",
    operation_id = "list_low_stock",
    security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "A page of stock items", body = Success<StockItemsData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
    )
)]
#[get("/admin/inventory/low-stock")]
#[tracing::instrument(name = "http.list_low_stock", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_low_stock(
    state: Data<AppState>,
    caller: CurrentUser,
    page: Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditInventory)?;
    let filter = ItemFilter {
        begins_with: None,
        is_low: true,
    };
    answer(&state, &filter, &page).await
}
