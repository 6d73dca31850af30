//! `POST /orders/track`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use chrono::{DateTime, Utc};
use common::ApiError;
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::reply::{self, Success};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::queries;
use crate::domain::number::OrderNumber;
use crate::startup::AppState;

/// Who knows both may see how far an order has come.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TrackOrderRequest {
    #[garde(length(chars, min = 1, max = 40))]
    #[schema(example = "AGP-20260113-7K3QXN9D4T")]
    order_number: String,
    /// The address it was ordered with.
    #[garde(length(chars, min = 3, max = 254))]
    #[schema(example = "ada@example.com")]
    email: String,
}

/// How far an order has come, without what is nobody's business.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrackedOrder {
    order_number: String,
    status: String,
    payment_status: String,
    carrier: Option<String>,
    tracking_number: Option<String>,
    item_count: i32,
    history: Vec<TrackedStep>,
    created_at: DateTime<Utc>,
}

/// A step of an order's way.
#[derive(Serialize, ToSchema)]
pub(crate) struct TrackedStep {
    status: String,
    at: DateTime<Utc>,
}

/// An order's way under its name.
#[derive(Serialize, ToSchema)]
pub(crate) struct TrackedData {
    order: TrackedOrder,
}

/// See how far an order has come, without signing in.
#[utoipa::path(
    tag = "orders",
    operation_id = "track_order",
    request_body = TrackOrderRequest,
    responses(
        (status = 200, description = "How far it has come", body = Success<TrackedData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: no such order, or another address", body = ErrorEnvelope),
    )
)]
#[post("/orders/track")]
#[tracing::instrument(name = "http.track_order", skip_all)]
pub(crate) async fn track_order(
    state: Data<AppState>,
    body: Json<TrackOrderRequest>,
) -> Result<HttpResponse, ApiError> {
    let number = OrderNumber::typed(&body.order_number);
    let view = queries::track(&state, &number, &body.email).await?;
    let history = view.history.iter().map(|row| TrackedStep {
        status: row.to_status.clone(),
        at: row.at,
    });
    Ok(reply::ok(TrackedData {
        order: TrackedOrder {
            history: history.collect(),
            item_count: view.lines.iter().map(|line| line.quantity).sum(),
            order_number: view.order.order_number,
            status: view.order.status,
            payment_status: view.order.payment_status,
            carrier: view.order.carrier,
            tracking_number: view.order.tracking_number,
            created_at: view.order.created_at,
        },
    }))
}
