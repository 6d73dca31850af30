//! `POST /admin/coupons`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::reply::{self, Success};

use super::coupon::{CouponData, CreateCouponRequest};
use crate::app::sales_rules::coupon_terms::CouponTerms;
use crate::app::sales_rules::coupons;
use crate::startup::AppState;

/// Add a coupon.
#[utoipa::path(
    tag = "admin",
    operation_id = "create_coupon",
    security(("bearer" = [])),
    request_body = CreateCouponRequest,
    responses(
        (status = 201, description = "Added", body = Success<CouponData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators", body = ErrorEnvelope),
        (status = 409, description = "`CONFLICT`: another coupon has the code", body = ErrorEnvelope),
    )
)]
#[post("/admin/coupons")]
#[tracing::instrument(name = "http.create_coupon", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn create_coupon(
    state: Data<AppState>,
    caller: CurrentUser,
    body: Json<CreateCouponRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditSalesRules)?;
    let new = CouponTerms::from(body.into_inner());
    let row = coupons::create_coupon(&state, &caller, &new).await?;
    Ok(reply::created(CouponData::of(&row)?))
}
