//! `GET /internal/reservations/{orderId}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::ServiceCaller;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use uuid::Uuid;

use super::reservation::ReservationData;
use crate::app;
use crate::domain::ids::OrderId;
use crate::startup::AppState;

/// What an order holds.
#[utoipa::path(
    tag = "internal",
    operation_id = "get_reservation",
    security(("service" = [])),
    params(("orderId" = Uuid, Path, description = "The order", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "The reservation", body = Success<ReservationData>),
        (status = 404, description = "`NOT_FOUND`: nothing was ever held for it", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`: no service token", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for orders only", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: the database is away", body = ErrorEnvelope),
    )
)]
#[get("/reservations/{orderId}")]
#[tracing::instrument(name = "http.get_reservation", skip_all, fields(order.id = %order))]
pub(crate) async fn get_reservation(
    state: Data<AppState>,
    caller: ServiceCaller,
    order: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.allow(&["orders"])?;
    let reserved = app::queries::get_reservation(&state, OrderId(*order)).await?;
    Ok(reply::ok(ReservationData::from(reserved)))
}
