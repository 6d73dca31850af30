//! `GET /internal/payments/by-order/{orderId}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::ServiceCaller;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use uuid::Uuid;

use super::payment::{Payment, PaymentsData};
use crate::app;
use crate::domain::ids::OrderId;
use crate::startup::AppState;

/// List all attempts to pay an order.
#[utoipa::path(
    tag = "internal",
    operation_id = "list_payments_of_order",
    security(("service" = [])),
    params(("orderId" = Uuid, Path, description = "The order", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e60")),
    responses(
        (status = 200, description = "The attempts; none for an order that nobody began to pay", body = Success<PaymentsData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`: no service token", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for orders and admin only", body = ErrorEnvelope),
    )
)]
#[get("/payments/by-order/{orderId}")]
#[tracing::instrument(name = "http.list_payments_of_order", skip_all, fields(order.id = %order))]
pub(crate) async fn list_payments_of_order(
    state: Data<AppState>,
    caller: ServiceCaller,
    order: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.allow(&["orders", "admin"])?;
    let payments = app::queries::payments_of_order(&state, OrderId(*order)).await?;
    let payments = payments.into_iter().map(Payment::from).collect();
    Ok(reply::ok(PaymentsData { payments }))
}
