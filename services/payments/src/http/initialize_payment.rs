//! `POST /payments/initialize`.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::idempotency::IdempotencyKey;
use common::reply::Success;
use garde::Validate;
use messaging::idempotency::{Begin, Making, StoredResponse};
use money::{Amount, Currency, SignedAmount};
use serde::ser::Error as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::to_the_end::to_the_end;
use crate::app;
use crate::app::initialize::Initialize;
use crate::domain::ids::{OrderId, UserId};
use crate::startup::AppState;
use crate::store::payments::Payment;

/// What is to be paid.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "orderId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e60", "amount": 48500 }))]
pub(crate) struct InitializePaymentRequest {
    /// An order of the caller.
    #[garde(skip)]
    order_id: Uuid,
    /// What the caller believes to be due; refused if it is not.
    #[garde(skip)]
    #[serde(default)]
    amount: Option<Amount>,
    /// Where the buyer is sent once they are done: a page of the shop.
    #[garde(inner(length(max = 2_000)))]
    #[serde(default)]
    callback_url: Option<String>,
}

/// Where it is paid.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "paymentId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f", "reference": "AGP-20260113-7K3QXN9D4T-1",
    "authorizationUrl": "https://checkout.paystack.com/0peioxfhpn", "accessCode": "0peioxfhpn",
    "amount": 48500.00, "currency": "NGN"
}))]
pub(crate) struct InitializedData {
    payment_id: Uuid,
    /// Its name at the provider.
    reference: String,
    /// The provider's page on which it is paid.
    authorization_url: String,
    access_code: String,
    #[schema(value_type = f64)]
    amount: SignedAmount,
    currency: Currency,
}

/// Begin to pay an order. A repetition answers the same page for as long as it can be paid there.
#[utoipa::path(
    tag = "payments",
    operation_id = "initialize_payment",
    security(("bearer" = [])),
    params(("Idempotency-Key" = String, Header, description = "Repeating a request with the same key answers the same again",
        example = "pay-7f3a")),
    request_body = InitializePaymentRequest,
    responses(
        (status = 200, description = "Where it is paid", body = Success<InitializedData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 402, description = "`PAYMENT_ERROR`: another amount is due, or the provider refuses", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: no such order of the caller", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: the order cannot be paid; `CONFLICT`: it is just being opened; \
            `IDEMPOTENCY_IN_PROGRESS`", body = ErrorEnvelope),
        (status = 422, description = "`IDEMPOTENCY_KEY_REUSED`", body = ErrorEnvelope),
        (status = 503, description = "`EXTERNAL_SERVICE_ERROR`: the provider is away, the same key is safe afterwards; \
            `SERVICE_UNAVAILABLE`", body = ErrorEnvelope),
    )
)]
#[post("/payments/initialize")]
#[tracing::instrument(name = "http.initialize_payment", skip_all, fields(user.hash = caller.log_hash(), order.id = %body.order_id))]
pub(crate) async fn initialize_payment(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    key: IdempotencyKey,
    body: Json<InitializePaymentRequest>,
) -> Result<HttpResponse, ApiError> {
    let body = body.into_inner();
    let command = Initialize {
        order: OrderId(body.order_id),
        amount: body.amount,
        callback_url: body.callback_url,
    };
    let begun = Making::begin(&state.db, &request, caller.id, Some(&key), answer);
    let making = match begun.await? {
        Begin::Replay(response) => return Ok(response),
        Begin::Make(making) => making,
    };
    let (state, user) = (state.into_inner(), UserId(caller.id));
    let answered = to_the_end(async move {
        let made = app::initialize::initialize(&state, user, command, &making).await;
        making.finish(&state.db, made).await
    });
    Ok(answered.await?.first())
}

fn answer(payment: &Payment) -> serde_json::Result<StoredResponse> {
    let address = payment.address.clone();
    let address = address.ok_or_else(|| serde_json::Error::custom("the payment has no page"))?;
    let data = InitializedData {
        payment_id: payment.id.0,
        reference: payment.reference.as_str().to_owned(),
        authorization_url: address.authorization_url,
        access_code: address.access_code,
        amount: payment.due.amount(),
        currency: payment.due.currency(),
    };
    StoredResponse::json(StatusCode::OK, &Success::new(data))
}
