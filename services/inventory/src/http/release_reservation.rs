//! `POST /internal/reservations/{orderId}/release`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::ServiceCaller;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::ids::OrderId;
use crate::domain::reservation::State;
use crate::startup::AppState;

/// What giving back came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReleaseData {
    /// Always `released`.
    #[schema(example = "released")]
    state: &'static str,
}

/// Give back what an order holds; it never holds anything again, also if it was never heard of.
#[utoipa::path(
    tag = "internal",
    operation_id = "release_reservation",
    security(("service" = [])),
    params(("orderId" = Uuid, Path, description = "The order", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "It holds nothing", body = Success<ReleaseData>),
        (status = 409, description = "`INVALID_STATE`: it is sold, and stays so", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`: no service token", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for orders only", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: the database is away", body = ErrorEnvelope),
    )
)]
#[post("/reservations/{orderId}/release")]
#[tracing::instrument(name = "http.release_reservation", skip_all, fields(order.id = %order))]
pub(crate) async fn release_reservation(
    state: Data<AppState>,
    caller: ServiceCaller,
    order: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.allow(&["orders"])?;
    state.decider.give_back(OrderId(*order)).await?;
    Ok(reply::ok(ReleaseData {
        state: State::Released.name(),
    }))
}
