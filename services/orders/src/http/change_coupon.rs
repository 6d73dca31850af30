//! `PATCH /admin/coupons/{id}`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, patch};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Json, Path};
use common::reply::{self, Success};
use common::version;
use uuid::Uuid;

use super::coupon::{ChangeCouponRequest, CouponData};
use crate::app::sales_rules::coupons;
use crate::domain::ids::CouponId;
use crate::startup::AppState;

/// Change a coupon. Orders that were placed with it keep what they were promised.
#[utoipa::path(
    tag = "admin",
    operation_id = "change_coupon",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The coupon", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen", example = "3"),
    ),
    request_body = ChangeCouponRequest,
    responses(
        (status = 200, description = "The coupon as it is now", body = Success<CouponData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`CONFLICT`: another coupon has the code; `VERSION_CONFLICT`", body = ErrorEnvelope),
    )
)]
#[patch("/admin/coupons/{id}")]
#[tracing::instrument(name = "http.change_coupon", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn change_coupon(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    id: Path<Uuid>,
    body: Json<ChangeCouponRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditSalesRules)?;
    let body = body.into_inner();
    let seen = version::seen(&request, body.version)?;
    let change = body.into_change(seen);
    let row = coupons::change_coupon(&state, &caller, CouponId(*id), change).await?;
    Ok(reply::ok(CouponData::of(&row)?))
}
