//! `GET /admin/coupons`.

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

use super::coupon::CouponBody;
use super::fields::{flag, given};
use crate::app::sales_rules::coupon_terms::beginning_of_code;
use crate::app::sales_rules::coupons;
use crate::startup::AppState;
use crate::store::coupon_book::Filter;

/// Which coupons to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct CouponsQuery {
    /// What the code begins with.
    #[param(example = "WELC")]
    search: Option<String>,
    /// Only those that are switched on, or off.
    #[param(value_type = Option<bool>)]
    is_active: Option<String>,
    /// From 1.
    #[param(minimum = 1, default = 1, value_type = Option<u32>)]
    page: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    limit: Option<String>,
}

/// One page of coupons.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CouponsData {
    /// By code.
    coupons: Vec<CouponBody>,
    pagination: Pagination,
}

/// List coupons.
#[utoipa::path(
    tag = "admin",
    operation_id = "list_coupons",
    security(("bearer" = [])),
    params(CouponsQuery),
    responses(
        (status = 200, description = "A page of coupons", body = Success<CouponsData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators", body = ErrorEnvelope),
    )
)]
#[get("/admin/coupons")]
#[tracing::instrument(name = "http.list_coupons", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_coupons(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<CouponsQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditSalesRules)?;
    let query = query.into_inner();
    let begin = given(query.search.as_ref()).map(beginning_of_code);
    let filter = Filter {
        begins_with: begin.transpose()?,
        is_active: flag("isActive", query.is_active.as_ref())?,
    };
    let page = PageQuery {
        page: query.page,
        limit: query.limit,
    }
    .page()?;
    let (rows, pagination) = coupons::list_coupons(&state, &filter, page).await?;
    let coupons = rows.iter().map(CouponBody::of).collect::<Result<_, _>>()?;
    Ok(reply::ok(CouponsData {
        coupons,
        pagination,
    }))
}
