//! `DELETE /admin/tax-rates/{id}`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Nothing, Success};
use common::version;
use uuid::Uuid;

use crate::app::sales_rules::tax_rates;
use crate::startup::AppState;
use crate::store::tax_rates::TaxRateId;

/// Take a tax rate away. Orders that are placed keep theirs.
#[utoipa::path(
    tag = "admin",
    operation_id = "delete_tax_rate",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The tax rate", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen", example = "3"),
    ),
    responses(
        (status = 200, description = "Gone", body = Success<Nothing>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`VERSION_CONFLICT`", body = ErrorEnvelope),
    )
)]
#[delete("/admin/tax-rates/{id}")]
#[tracing::instrument(name = "http.delete_tax_rate", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn delete_tax_rate(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditSalesRules)?;
    let seen = version::seen(&request, None)?;
    tax_rates::delete_tax_rate(&state, &caller, TaxRateId(*id), seen).await?;
    Ok(reply::message("The tax rate is deleted"))
}
