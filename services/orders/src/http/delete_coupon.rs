//! `DELETE /admin/coupons/{id}`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Nothing, Success};
use common::version;
use uuid::Uuid;

use crate::app::sales_rules::coupons::{self, Removal};
use crate::domain::ids::CouponId;
use crate::startup::AppState;

/// Take a coupon out of the shop. One that orders name is only switched off, so that the books stay whole.
#[utoipa::path(
    tag = "admin",
    operation_id = "delete_coupon",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The coupon", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen", example = "3"),
    ),
    responses(
        (status = 200, description = "Gone, or switched off; the message says which", body = Success<Nothing>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`VERSION_CONFLICT`", body = ErrorEnvelope),
    )
)]
#[delete("/admin/coupons/{id}")]
#[tracing::instrument(name = "http.delete_coupon", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn delete_coupon(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditSalesRules)?;
    let seen = version::seen(&request, None)?;
    let removal = coupons::delete_coupon(&state, &caller, CouponId(*id), seen).await?;
    Ok(reply::message(match removal {
        Removal::Removed => "The coupon is deleted",
        Removal::SwitchedOff => "The coupon was used, so it is switched off and stays in the books",
    }))
}
