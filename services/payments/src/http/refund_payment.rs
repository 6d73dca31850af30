//! `POST /payments/{id}/refund`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Json, Path};
use common::idempotency::IdempotencyKey;
use common::reply::Success;
use garde::Validate;
use messaging::idempotency::{Begin, Making};
use money::Amount;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::refund::{self, RefundData, RestockInput};
use crate::app;
use crate::app::refund::request::{RequestRefund, Target};
use crate::domain::ids::PaymentId;
use crate::startup::AppState;

/// What goes back.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "amount": 1500, "reason": "one yard was torn" }))]
pub(crate) struct RefundPaymentRequest {
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

/// Pay back some or all of a payment that an order keeps. The provider is asked a moment later.
#[utoipa::path(
    tag = "payments",
    operation_id = "refund_payment",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The payment", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("Idempotency-Key" = String, Header, description = "Repeating a request with the same key answers the same again",
            example = "refund-7f3a"),
    ),
    request_body = RefundPaymentRequest,
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
#[post("/payments/{id}/refund")]
#[tracing::instrument(name = "http.refund_payment", skip_all, fields(user.hash = caller.log_hash(), payment.id = %id))]
pub(crate) async fn refund_payment(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    id: Path<Uuid>,
    key: IdempotencyKey,
    body: Json<RefundPaymentRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ManagePayments)?;
    let body = body.into_inner();
    let command = RequestRefund {
        target: Target::Payment(PaymentId(*id)),
        amount: body.amount,
        reason: refund::reason(&body.reason)?,
        restock: refund::restock(body.restock)?,
    };
    carry_out(&state, &request, &caller, &key, &command).await
}

/// Decides a refund under the request's key.
pub(super) async fn carry_out(
    state: &AppState,
    request: &HttpRequest,
    caller: &CurrentUser,
    key: &IdempotencyKey,
    command: &RequestRefund,
) -> Result<HttpResponse, ApiError> {
    let begun = Making::begin(&state.db, request, caller.id, Some(key), refund::answer);
    let making = match begun.await? {
        Begin::Replay(response) => return Ok(response),
        Begin::Make(making) => making,
    };
    let made = app::refund::request::request_refund(state, caller, command, &making).await;
    Ok(making.finish(&state.db, made).await?.first())
}
