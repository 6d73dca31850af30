//! `GET /admin/shipping-methods`.

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

use super::fields::given;
use super::shipping_method::ShippingMethodBody;
use crate::app::sales_rules::{country_of, shipping_methods};
use crate::startup::AppState;

/// Which ways to ship to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct AllShippingMethodsQuery {
    /// Only those of this country.
    #[param(example = "NG")]
    country: Option<String>,
    /// From 1.
    #[param(minimum = 1, default = 1, value_type = Option<u32>)]
    page: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    limit: Option<String>,
}

/// One page of ways to ship.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AllShippingMethodsData {
    /// By country, currency and code.
    shipping_methods: Vec<ShippingMethodBody>,
    pagination: Pagination,
}

/// List all ways to ship, also those that are switched off.
#[utoipa::path(
    tag = "admin",
    operation_id = "list_all_shipping_methods",
    security(("bearer" = [])),
    params(AllShippingMethodsQuery),
    responses(
        (status = 200, description = "A page of ways to ship", body = Success<AllShippingMethodsData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators", body = ErrorEnvelope),
    )
)]
#[get("/admin/shipping-methods")]
#[tracing::instrument(name = "http.list_all_shipping_methods", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_all_shipping_methods(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<AllShippingMethodsQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditSalesRules)?;
    let query = query.into_inner();
    let country = given(query.country.as_ref()).map(country_of).transpose()?;
    let page = PageQuery {
        page: query.page,
        limit: query.limit,
    }
    .page()?;
    let (rows, pagination) =
        shipping_methods::list_all_shipping_methods(&state, country.as_deref(), page).await?;
    let shipping_methods = rows
        .iter()
        .map(ShippingMethodBody::of)
        .collect::<Result<_, _>>()?;
    Ok(reply::ok(AllShippingMethodsData {
        shipping_methods,
        pagination,
    }))
}
