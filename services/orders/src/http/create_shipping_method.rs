//! `POST /admin/shipping-methods`.

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
use serde::ser::Error as _;

use super::shipping_method::{CreateShippingMethodRequest, ShippingMethodData};
use crate::app::sales_rules::shipping_methods::{self, NewShippingMethod};
use crate::startup::AppState;
use crate::store::shipping_methods::ShippingMethodRow;

/// Add a way to ship. One that is the default takes that from the other.
#[utoipa::path(
    tag = "admin",
    operation_id = "create_shipping_method",
    security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with the same key \
        answers the same again", example = "shipping-method-7f3a")),
    request_body = CreateShippingMethodRequest,
    responses(
        (status = 201, description = "Added", body = Success<ShippingMethodData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators", body = ErrorEnvelope),
        (status = 409, description = "`CONFLICT`: another one has the code in the same country and currency; `IDEMPOTENCY_IN_PROGRESS`", body = ErrorEnvelope),
        (status = 422, description = "`IDEMPOTENCY_KEY_REUSED`", body = ErrorEnvelope),
    )
)]
#[post("/admin/shipping-methods")]
#[tracing::instrument(name = "http.create_shipping_method", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn create_shipping_method(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    key: OptionalIdempotencyKey,
    body: Json<CreateShippingMethodRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditSalesRules)?;
    let new = NewShippingMethod::from(body.into_inner());
    let begun = Making::begin(&state.db, &request, caller.id, key.0.as_ref(), answer);
    let making = match begun.await? {
        Begin::Replay(response) => return Ok(response),
        Begin::Make(making) => making,
    };
    let made = shipping_methods::create_shipping_method(&state, &caller, &new, &making).await;
    Ok(making.finish(&state.db, made).await?.first())
}

fn answer(row: &ShippingMethodRow) -> serde_json::Result<StoredResponse> {
    let data = ShippingMethodData::of(row);
    let data = data.map_err(|error| serde_json::Error::custom(error.message()))?;
    StoredResponse::json(StatusCode::CREATED, &Success::new(data))
}
