//! `POST /orders/{id}/cancel`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::{OptionalJson, Path};
use common::reply::{self, Success};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::address::line;
use super::order::OrderData;
use crate::app;
use crate::domain::ids::{OrderId, UserId};
use crate::startup::AppState;

/// Why, if the buyer wants to say.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelOrderRequest {
    #[garde(inner(custom(line(0, 500))))]
    #[serde(default)]
    reason: Option<String>,
}

/// Give up an order that is not paid. Repeating it changes nothing.
#[utoipa::path(
    tag = "orders",
    operation_id = "cancel_order",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The order", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    request_body = Option<CancelOrderRequest>,
    responses(
        (status = 200, description = "Given up", body = Success<OrderData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: not there, or not yours", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: it is paid, or has ended", body = ErrorEnvelope),
    )
)]
#[post("/orders/{id}/cancel")]
#[tracing::instrument(name = "http.cancel_order", skip_all, fields(user.hash = caller.log_hash(), order.id = %id))]
pub(crate) async fn cancel_order(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
    body: OptionalJson<CancelOrderRequest>,
) -> Result<HttpResponse, ApiError> {
    let reason = body.0.unwrap_or_default().reason;
    let buyer = UserId(caller.id);
    let view = app::cancel_order::cancel_order(&state, buyer, OrderId(*id), reason).await?;
    Ok(reply::ok(OrderData::of(&view)?))
}
