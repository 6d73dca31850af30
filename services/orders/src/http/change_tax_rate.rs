//! `PATCH /admin/tax-rates/{id}`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, patch};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Json, Path};
use common::reply::{self, Success};
use common::version;
use uuid::Uuid;

use super::tax_rate::{ChangeTaxRateRequest, TaxRateData};
use crate::app::sales_rules::tax_rates;
use crate::startup::AppState;
use crate::store::tax_rates::TaxRateId;

/// Change a tax rate. Orders that are placed keep theirs.
#[utoipa::path(
    tag = "admin",
    operation_id = "change_tax_rate",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The tax rate", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen", example = "3"),
    ),
    request_body = ChangeTaxRateRequest,
    responses(
        (status = 200, description = "The tax rate as it is now", body = Success<TaxRateData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`CONFLICT`: another one is active for the same country and state; `VERSION_CONFLICT`", body = ErrorEnvelope),
    )
)]
#[patch("/admin/tax-rates/{id}")]
#[tracing::instrument(name = "http.change_tax_rate", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn change_tax_rate(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    id: Path<Uuid>,
    body: Json<ChangeTaxRateRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditSalesRules)?;
    let body = body.into_inner();
    let seen = version::seen(&request, body.version)?;
    let change = body.into_change(seen);
    let row = tax_rates::change_tax_rate(&state, &caller, TaxRateId(*id), change).await?;
    Ok(reply::ok(TaxRateData::from(&row)))
}
