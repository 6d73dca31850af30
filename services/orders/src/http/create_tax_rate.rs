//! `POST /admin/tax-rates`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::reply::{self, Success};

use super::tax_rate::{CreateTaxRateRequest, TaxRateData};
use crate::app::sales_rules::tax_rates::{self, NewTaxRate};
use crate::startup::AppState;

/// Add a tax rate.
#[utoipa::path(
    tag = "admin",
    operation_id = "create_tax_rate",
    security(("bearer" = [])),
    request_body = CreateTaxRateRequest,
    responses(
        (status = 201, description = "Added", body = Success<TaxRateData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators", body = ErrorEnvelope),
        (status = 409, description = "`CONFLICT`: another one is active for the same country and state", body = ErrorEnvelope),
    )
)]
#[post("/admin/tax-rates")]
#[tracing::instrument(name = "http.create_tax_rate", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn create_tax_rate(
    state: Data<AppState>,
    caller: CurrentUser,
    body: Json<CreateTaxRateRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditSalesRules)?;
    let new = NewTaxRate::from(body.into_inner());
    let row = tax_rates::create_tax_rate(&state, &caller, &new).await?;
    Ok(reply::created(TaxRateData::from(&row)))
}
