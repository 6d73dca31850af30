//! `PATCH /admin/shipping-methods/{id}`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, patch};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Json, Path};
use common::reply::{self, Success};
use common::version;
use uuid::Uuid;

use super::shipping_method::{ChangeShippingMethodRequest, ShippingMethodData};
use crate::app::sales_rules::shipping_methods;
use crate::startup::AppState;
use crate::store::shipping_methods::ShippingMethodId;

/// Change a way to ship. One that becomes the default takes that from the other.
#[utoipa::path(
    tag = "admin",
    operation_id = "change_shipping_method",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The way to ship", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen", example = "3"),
    ),
    request_body = ChangeShippingMethodRequest,
    responses(
        (status = 200, description = "The way to ship as it is now", body = Success<ShippingMethodData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`CONFLICT`: another one has the code in the same country and currency; `VERSION_CONFLICT`", body = ErrorEnvelope),
    )
)]
#[patch("/admin/shipping-methods/{id}")]
#[tracing::instrument(name = "http.change_shipping_method", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn change_shipping_method(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    id: Path<Uuid>,
    body: Json<ChangeShippingMethodRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditSalesRules)?;
    let body = body.into_inner();
    let seen = version::seen(&request, body.version)?;
    let change = body.into_change(seen);
    let row =
        shipping_methods::change_shipping_method(&state, &caller, ShippingMethodId(*id), change)
            .await?;
    Ok(reply::ok(ShippingMethodData::of(&row)?))
}
