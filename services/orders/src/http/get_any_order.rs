//! `GET /admin/orders/{id}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use uuid::Uuid;

use super::order::StaffOrderData;
use crate::app::queries;
use crate::domain::ids::OrderId;
use crate::startup::AppState;

/// Look at anybody's order.
#[utoipa::path(
    tag = "admin",
    operation_id = "get_any_order",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The order", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "The order", body = Success<StaffOrderData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for staff who may read orders", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
    )
)]
#[get("/admin/orders/{id}")]
#[tracing::instrument(name = "http.get_any_order", skip_all, fields(user.hash = caller.log_hash(), order.id = %id))]
pub(crate) async fn get_any_order(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ReadOrders)?;
    let view = queries::get_any(&state, OrderId(*id)).await?;
    Ok(reply::ok(StaffOrderData::of(&view)?))
}
