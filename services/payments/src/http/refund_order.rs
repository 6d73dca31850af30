//! `POST /admin/refunds`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::idempotency::IdempotencyKey;
use common::reply::Success;
use garde::Validate;
use money::Amount;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::refund::{self, RefundData, RestockInput};
use super::refund_payment::carry_out;
use crate::app::refund::request::{RequestRefund, Target};
use crate::domain::ids::{OrderId, PaymentId};
use crate::startup::AppState;

/// Of what something goes back, and how much.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "orderId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e60", "amount": 1500, "reason": "one yard was torn"
}))]
pub(crate) struct RefundOrderRequest {
    /// A payment; or else an order.
    #[garde(skip)]
    #[serde(default)]
    payment_id: Option<Uuid>,
    /// An order, of which the payment that it keeps is meant.
    #[garde(skip)]
    #[serde(default)]
    order_id: Option<Uuid>,
    /// All that is left if absent.
    #[garde(skip)]
    #[serde(default)]
    amount: Option<Amount>,
    /// Why.
    #[garde(length(chars, min = 1, max = 500))]
    reason: String,
    /// Which sold lines go back on the shelf. If absent: all, if this completes the total before the order is shipped.
    #[garde(dive)]
    #[serde(default)]
    restock: Option<Vec<RestockInput>>,
}

impl RefundOrderRequest {
    fn target(&self) -> Result<Target, ApiError> {
        match (self.payment_id, self.order_id) {
            (Some(payment), None) => Ok(Target::Payment(PaymentId(payment))),
            (None, Some(order)) => Ok(Target::Order(OrderId(order))),
            _ => Err(ApiError::invalid(
                "paymentId",
                "either this or orderId is required",
            )),
        }
    }
}

/// Pay back some or all of what an order keeps. The provider is asked a moment later.
#[utoipa::path(
    tag = "admin",
    operation_id = "refund_order",
    security(("bearer" = [])),
    params(("Idempotency-Key" = String, Header, description = "Repeating a request with the same key answers the same again",
        example = "refund-7f3a")),
    request_body = RefundOrderRequest,
    responses(
        (status = 202, description = "Decided", body = Success<RefundData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 402, description = "`PAYMENT_ERROR`: less than that is left", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: no order keeps the payment; `IDEMPOTENCY_IN_PROGRESS`", body = ErrorEnvelope),
        (status = 422, description = "`IDEMPOTENCY_KEY_REUSED`", body = ErrorEnvelope),
    )
)]
#[post("/admin/refunds")]
#[tracing::instrument(name = "http.refund_order", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn refund_order(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    key: IdempotencyKey,
    body: Json<RefundOrderRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ManagePayments)?;
    let body = body.into_inner();
    let command = RequestRefund {
        target: body.target()?,
        amount: body.amount,
        reason: refund::reason(&body.reason)?,
        restock: refund::restock(body.restock)?,
    };
    carry_out(&state, &request, &caller, &key, &command).await
}
