//! `POST /admin/shipping-methods`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::reply::{self, Success};

use super::shipping_method::{CreateShippingMethodRequest, ShippingMethodData};
use crate::app::sales_rules::shipping_methods::{self, NewShippingMethod};
use crate::startup::AppState;

/// Add a way to ship. One that is the default takes that from the other.
#[utoipa::path(
    tag = "admin",
    operation_id = "create_shipping_method",
    security(("bearer" = [])),
    request_body = CreateShippingMethodRequest,
    responses(
        (status = 201, description = "Added", body = Success<ShippingMethodData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators", body = ErrorEnvelope),
        (status = 409, description = "`CONFLICT`: another one has the code in the same country and currency", body = ErrorEnvelope),
    )
)]
#[post("/admin/shipping-methods")]
#[tracing::instrument(name = "http.create_shipping_method", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn create_shipping_method(
    state: Data<AppState>,
    caller: CurrentUser,
    body: Json<CreateShippingMethodRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditSalesRules)?;
    let new = NewShippingMethod::from(body.into_inner());
    let row = shipping_methods::create_shipping_method(&state, &caller, &new).await?;
    Ok(reply::created(ShippingMethodData::of(&row)?))
}
