//! `POST /admin/tax-rates`.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::idempotency::OptionalIdempotencyKey;
use common::reply::Success;
use messaging::idempotency::{Begin, Making, StoredResponse};

use super::tax_rate::{CreateTaxRateRequest, TaxRateData};
use crate::app::sales_rules::tax_rates::{self, NewTaxRate};
use crate::startup::AppState;
use crate::store::tax_rates::TaxRateRow;

/// Add a tax rate.
#[utoipa::path(
    tag = "admin",
    operation_id = "create_tax_rate",
    security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with the same key \
        answers the same again", example = "tax-rate-7f3a")),
    request_body = CreateTaxRateRequest,
    responses(
        (status = 201, description = "Added", body = Success<TaxRateData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators", body = ErrorEnvelope),
        (status = 409, description = "`CONFLICT`: another one is active for the same country and state; `IDEMPOTENCY_IN_PROGRESS`", body = ErrorEnvelope),
        (status = 422, description = "`IDEMPOTENCY_KEY_REUSED`", body = ErrorEnvelope),
    )
)]
#[post("/admin/tax-rates")]
#[tracing::instrument(name = "http.create_tax_rate", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn create_tax_rate(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    key: OptionalIdempotencyKey,
    body: Json<CreateTaxRateRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditSalesRules)?;
    let new = NewTaxRate::from(body.into_inner());
    let begun = Making::begin(&state.db, &request, caller.id, key.0.as_ref(), answer);
    let making = match begun.await? {
        Begin::Replay(response) => return Ok(response),
        Begin::Make(making) => making,
    };
    let made = tax_rates::create_tax_rate(&state, &caller, &new, &making).await;
    Ok(making.finish(&state.db, made).await?.first())
}

fn answer(row: &TaxRateRow) -> serde_json::Result<StoredResponse> {
    StoredResponse::json(StatusCode::CREATED, &Success::new(TaxRateData::from(row)))
}
