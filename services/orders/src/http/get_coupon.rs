//! `GET /admin/coupons/{id}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use uuid::Uuid;

use super::coupon::CouponData;
use crate::app::sales_rules::coupons;
use crate::domain::ids::CouponId;
use crate::startup::AppState;

/// Look at a coupon.
#[utoipa::path(
    tag = "admin",
    operation_id = "get_coupon",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The coupon", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "The coupon", body = Success<CouponData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
    )
)]
#[get("/admin/coupons/{id}")]
#[tracing::instrument(name = "http.get_coupon", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn get_coupon(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditSalesRules)?;
    let row = coupons::get_coupon(&state, CouponId(*id)).await?;
    Ok(reply::ok(CouponData::of(&row)?))
}
