//! `GET /admin/tax-rates`.

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
use super::tax_rate::TaxRateBody;
use crate::app::sales_rules::{country_of, tax_rates};
use crate::startup::AppState;

/// Which tax rates to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct TaxRatesQuery {
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

/// One page of tax rates.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaxRatesData {
    /// By country and state.
    tax_rates: Vec<TaxRateBody>,
    pagination: Pagination,
}

/// List tax rates, also those that are switched off.
#[utoipa::path(
    tag = "admin",
    operation_id = "list_tax_rates",
    security(("bearer" = [])),
    params(TaxRatesQuery),
    responses(
        (status = 200, description = "A page of tax rates", body = Success<TaxRatesData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators", body = ErrorEnvelope),
    )
)]
#[get("/admin/tax-rates")]
#[tracing::instrument(name = "http.list_tax_rates", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_tax_rates(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<TaxRatesQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditSalesRules)?;
    let query = query.into_inner();
    let country = given(query.country.as_ref()).map(country_of).transpose()?;
    let page = PageQuery {
        page: query.page,
        limit: query.limit,
    }
    .page()?;
    let (rows, pagination) = tax_rates::list_tax_rates(&state, country.as_deref(), page).await?;
    let tax_rates = rows.iter().map(TaxRateBody::from).collect();
    Ok(reply::ok(TaxRatesData {
        tax_rates,
        pagination,
    }))
}
