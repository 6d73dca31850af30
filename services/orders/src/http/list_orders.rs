//! `GET /orders`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::paging::{PageQuery, Pagination};
use common::reply::{self, Success};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::order::OrderBody;
use crate::app::queries;
use crate::domain::ids::UserId;
use crate::domain::status::OrderStatus;
use crate::startup::AppState;
use crate::store::listing::Filter;

/// Which of the caller's orders to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrdersQuery {
    /// Only orders that are this.
    #[param(example = "processing")]
    status: Option<String>,
    /// From 1.
    #[param(minimum = 1, default = 1, value_type = Option<u32>)]
    page: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    limit: Option<String>,
}

/// One page of orders.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrdersData {
    /// Newest first.
    orders: Vec<OrderBody>,
    pagination: Pagination,
}

/// A status as a filter; an empty one counts as absent.
pub(super) fn status_of(text: Option<&String>) -> Result<Option<OrderStatus>, ApiError> {
    let text = text.map(|text| text.trim()).filter(|text| !text.is_empty());
    text.map(str::parse)
        .transpose()
        .map_err(|unknown: crate::domain::status::UnknownStatus| {
            ApiError::invalid("status", unknown.to_string())
        })
}

/// List your orders.
#[utoipa::path(
    tag = "orders",
    operation_id = "list_orders",
    security(("bearer" = [])),
    params(OrdersQuery),
    responses(
        (status = 200, description = "A page of your orders", body = Success<OrdersData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
    )
)]
#[get("/orders")]
#[tracing::instrument(name = "http.list_orders", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_orders(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<OrdersQuery>,
) -> Result<HttpResponse, ApiError> {
    let query = query.into_inner();
    let filter = Filter {
        buyer: Some(UserId(caller.id)),
        status: status_of(query.status.as_ref())?,
        ..Filter::default()
    };
    let page = PageQuery {
        page: query.page,
        limit: query.limit,
    }
    .page()?;
    let (views, pagination) = queries::list(&state, &filter, page).await?;
    let orders = views.iter().map(OrderBody::of).collect::<Result<_, _>>()?;
    Ok(reply::ok(OrdersData { orders, pagination }))
}
