//! `GET /admin/inventory`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::paging::{PageQuery, Pagination};
use common::reply::{self, Success};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::stock_item::StockItem;
use crate::app;
use crate::startup::AppState;
use crate::store::items::ItemFilter;

/// The longest search text, in characters: as long as the longest SKU.
const SEARCH_CHARS_MAX: usize = 100;

/// Which items to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct StockItemsQuery {
    /// Only items whose SKU begins with this, in any case.
    #[param(example = "lace")]
    search: Option<String>,
    /// `true`: only items that are low.
    #[param(value_type = Option<bool>)]
    low_stock: Option<String>,
    /// From 1.
    #[param(minimum = 1, default = 1, value_type = Option<u32>)]
    page: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    limit: Option<String>,
}

impl StockItemsQuery {
    /// An empty filter counts as absent.
    fn filter(&self) -> Result<ItemFilter, ApiError> {
        let given = |text: &Option<String>| {
            let text = text.as_deref().map(str::trim);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let begins_with = given(&self.search);
        let is_searchable = |text: &String| {
            text.chars().count() <= SEARCH_CHARS_MAX && !text.chars().any(char::is_control)
        };
        if !begins_with.as_ref().is_none_or(is_searchable) {
            return Err(ApiError::invalid(
                "search",
                "must be plain text of at most 100 characters",
            ));
        }
        let is_low = match given(&self.low_stock).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(ApiError::invalid("lowStock", "must be true or false")),
        };
        Ok(ItemFilter {
            begins_with,
            is_low,
        })
    }
}

/// One page of stock items.
#[derive(Serialize, ToSchema)]
pub(super) struct StockItemsData {
    /// By SKU.
    items: Vec<StockItem>,
    /// Where the page stands.
    pagination: Pagination,
}

/// List what there is.
#[utoipa::path(
    tag = "admin",
    operation_id = "list_stock_items",
    security(("bearer" = [])),
    params(StockItemsQuery),
    responses(
        (status = 200, description = "A page of stock items", body = Success<StockItemsData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
    )
)]
#[get("/admin/inventory")]
#[tracing::instrument(name = "http.list_stock_items", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_stock_items(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<StockItemsQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditInventory)?;
    let filter = query.filter()?;
    let query = query.into_inner();
    let page = PageQuery {
        page: query.page,
        limit: query.limit,
    };
    answer(&state, &filter, &page).await
}

/// One page of items as both lists answer it.
pub(super) async fn answer(
    state: &AppState,
    filter: &ItemFilter,
    page: &PageQuery,
) -> Result<HttpResponse, ApiError> {
    let (items, pagination) = app::queries::list_items(state, filter, page.page()?).await?;
    let items = items.into_iter().map(StockItem::from).collect();
    Ok(reply::ok(StockItemsData { items, pagination }))
}
