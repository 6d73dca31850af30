//! `GET /orders/{id}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use uuid::Uuid;

use super::order::OrderData;
use crate::app::queries;
use crate::domain::ids::{OrderId, UserId};
use crate::startup::AppState;

/// Look at one of your orders.
#[utoipa::path(
    tag = "orders",
    operation_id = "get_order",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The order", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "The order", body = Success<OrderData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: not there, or not yours", body = ErrorEnvelope),
    )
)]
#[get("/orders/{id}")]
#[tracing::instrument(name = "http.get_order", skip_all, fields(user.hash = caller.log_hash(), order.id = %id))]
pub(crate) async fn get_order(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let view = queries::get_own(&state, UserId(caller.id), OrderId(*id)).await?;
    Ok(reply::ok(OrderData::of(&view)?))
}
