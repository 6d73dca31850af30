//! `GET /internal/orders/{id}/due`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::{DateTime, Utc};
use common::ApiError;
use common::auth::ServiceCaller;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use money::{Currency, SignedAmount};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::order::amount;
use crate::app::{Error, queries};
use crate::domain::ids::OrderId;
use crate::startup::AppState;

/// What is to be paid for an order, and by whom.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DueBody {
    order_id: Uuid,
    order_number: String,
    /// The buyer.
    user_id: Uuid,
    /// The buyer's address; null once they were forgotten.
    email: Option<String>,
    #[schema(value_type = f64)]
    amount: SignedAmount,
    #[schema(value_type = String, example = "NGN")]
    currency: Currency,
    /// The order's status.
    #[schema(example = "pending")]
    state: String,
    /// Whether somebody may begin to pay.
    is_payable: bool,
    /// When its goods are let go.
    expires_at: DateTime<Utc>,
}

/// What is due under its name.
#[derive(Serialize, ToSchema)]
pub(crate) struct DueData {
    due: DueBody,
}

/// What is due for an order; for payments.
#[utoipa::path(
    tag = "internal",
    operation_id = "get_due",
    security(("service" = [])),
    params(("id" = Uuid, Path, description = "The order", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "What is due", body = Success<DueData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`: no service token", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for payments only", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
    )
)]
#[get("/orders/{id}/due")]
#[tracing::instrument(name = "http.get_due", skip_all, fields(order.id = %id))]
pub(crate) async fn get_due(
    state: Data<AppState>,
    caller: ServiceCaller,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.allow(&["payments"])?;
    let (order, contact) = queries::get_due(&state, OrderId(*id)).await?;
    let due = DueBody {
        order_id: order.id,
        user_id: order.user_id,
        email: contact.map(|contact| contact.email),
        amount: amount(&order, &order.total)?,
        currency: order.currency().map_err(Error::from)?,
        is_payable: queries::is_payable(&order)?,
        expires_at: order.expires_at,
        state: order.status,
        order_number: order.order_number,
    };
    Ok(reply::ok(DueData { due }))
}
