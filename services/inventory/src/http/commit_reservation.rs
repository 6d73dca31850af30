//! `POST /internal/reservations/{orderId}/commit`.

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
use crate::startup::AppState;

/// What selling came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CommitData {
    /// `committed`: what was held is sold. `reallocated`: the hold had ended, and all of it was still there. `unavailable`:
    /// there is nothing to sell.
    #[schema(example = "committed")]
    outcome: &'static str,
}

/// Sell what an order holds, or held if all of it is still there; a repetition answers the same, also where there was
/// nothing to sell.
#[utoipa::path(
    tag = "internal",
    operation_id = "commit_reservation",
    security(("service" = [])),
    params(("orderId" = Uuid, Path, description = "The order", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "What it came to", body = Success<CommitData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`: no service token", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for orders only", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: the database is away", body = ErrorEnvelope),
    )
)]
#[post("/reservations/{orderId}/commit")]
#[tracing::instrument(name = "http.commit_reservation", skip_all, fields(order.id = %order))]
pub(crate) async fn commit_reservation(
    state: Data<AppState>,
    caller: ServiceCaller,
    order: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.allow(&["orders"])?;
    let sold = state.decider.sell(OrderId(*order)).await?;
    Ok(reply::ok(CommitData {
        outcome: sold.name(),
    }))
}
