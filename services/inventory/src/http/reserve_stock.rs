//! `POST /internal/reservations`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::ServiceCaller;
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::reply::{self, Success};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::reservation::ReservationData;
use crate::app::decide::Hold;
use crate::domain::ids::{OrderId, UserId, VariantId};
use crate::domain::lines::{Lines, LinesError};
use crate::domain::shelf::Ask;
use crate::startup::AppState;

/// What an order wants to hold.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReserveStockRequest {
    /// The order, which may not exist yet. Repeating it with the same lines answers the same.
    #[garde(skip)]
    order_id: Uuid,
    /// Who orders.
    #[garde(dive)]
    buyer: Buyer,
    /// What; lines of the same variant are merged.
    #[garde(skip)]
    lines: Vec<WantedLine>,
    /// How long it is held.
    #[garde(range(min = 1, max = 86_400))]
    #[schema(minimum = 1, maximum = 86_400, example = 900)]
    ttl_seconds: i64,
}

/// Who orders.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Buyer {
    #[garde(skip)]
    user_id: Uuid,
    /// A keyed hash of where it goes.
    #[garde(inner(length(chars, min = 1, max = 128), ascii))]
    #[serde(default)]
    address_hash: Option<String>,
}

/// So many of one variant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WantedLine {
    variant_id: Uuid,
    #[schema(minimum = 1)]
    quantity: i64,
}

impl ReserveStockRequest {
    fn into_ask(self, units_max: i64) -> Result<Ask, ApiError> {
        let wanted = self
            .lines
            .iter()
            .map(|line| (VariantId(line.variant_id), line.quantity));
        let lines = Lines::parse(wanted, units_max).map_err(|error| {
            let field = match &error {
                LinesError::Quantity { line, .. } => format!("lines.{line}.quantity"),
                LinesError::Empty | LinesError::TooMany | LinesError::Units { .. } => {
                    "lines".to_owned()
                }
            };
            ApiError::invalid(field, error.to_string())
        })?;
        Ok(Ask {
            order: OrderId(self.order_id),
            user: UserId(self.buyer.user_id),
            address: self.buyer.address_hash,
            lines,
            ttl_secs: self.ttl_seconds,
        })
    }
}

/// Hold stock for an order, wholly or not at all. Safe to repeat.
#[utoipa::path(
    tag = "internal",
    operation_id = "reserve_stock",
    security(("service" = [])),
    request_body = ReserveStockRequest,
    responses(
        (status = 200, description = "What the order holds, or held, since it asked before", body = Success<ReservationData>),
        (status = 201, description = "What the order holds from now on", body = Success<ReservationData>),
        (status = 400, description = "`VALIDATION_ERROR`, also for more units than one order may hold", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`: no service token", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for orders only", body = ErrorEnvelope),
        (status = 409, description = "`INSUFFICIENT_STOCK`, with a detail for each variant that there is too little of; \
            `INVALID_STATE`: the order was given up; `CONFLICT`: it holds other lines", body = ErrorEnvelope),
        (status = 429, description = "`RESERVATION_LIMIT`: the buyer's other orders hold as much as one buyer may",
            body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: too many wait, or the database is away", body = ErrorEnvelope),
    )
)]
#[post("/reservations")]
#[tracing::instrument(name = "http.reserve_stock", skip_all, fields(order.id = %body.order_id))]
pub(crate) async fn reserve_stock(
    state: Data<AppState>,
    caller: ServiceCaller,
    body: Json<ReserveStockRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.allow(&["orders"])?;
    let ask = body
        .into_inner()
        .into_ask(state.settings.limits.units_per_order)?;
    let (hold, reserved) = state.decider.reserve(ask).await?;
    let reserved = ReservationData::from(reserved);
    Ok(match hold {
        Hold::Begins => reply::created(reserved),
        Hold::AsBefore => reply::ok(reserved),
    })
}
