//! `POST /payments/webhook`.

use actix_web::http::header::HeaderMap;
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use common::error::ErrorEnvelope;
use common::reply::{self, Nothing, Success};
use common::{ApiError, ErrorCode};

use crate::app;
use crate::startup::AppState;

/// The longest body, in bytes; real ones have a few thousand.
const BODY_MAX: usize = 1_000_000;
/// Where the signature stands.
const SIGNATURE: &str = "x-paystack-signature";

/// Hear what the payment provider tells. Signed with HMAC-SHA512 over the raw body; nothing of it is read before that is right.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "hear_paystack",
    params(("x-paystack-signature" = String, Header, description = "128 lower-case hexadecimal digits",
        example = "996867a4a400e06877c13b4299cd95831b681beb6ab7ccf693d424cd9aa9fdda1b6b040f79d073b19be7d91464d84b33e6158b065ff422d5525a69ae492668ac")),
    request_body(content = Object, example = json!({
        "event": "charge.success",
        "data": { "id": 4099260516u64, "domain": "test", "status": "success", "reference": "AGP-20260113-7K3QXN9D4T-1",
            "amount": 4850000, "currency": "NGN" }
    })),
    responses(
        (status = 200, description = "Kept, now or before", body = Success<Nothing>),
        (status = 401, description = "`AUTHENTICATION_ERROR`: not signed by the provider; nothing is kept", body = ErrorEnvelope),
        (status = 413, description = "`PAYLOAD_TOO_LARGE`", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: it could not be kept; tell it again", body = ErrorEnvelope),
    )
)]
#[post("/payments/webhook")]
#[tracing::instrument(name = "http.hear_paystack", skip_all)]
pub(crate) async fn hear_paystack(
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    // One answer for every way of not being the provider.
    let refuse = || {
        state.counters.webhook("refused");
        ApiError::unauthenticated("the webhook's signature is not right")
    };
    let body = read(&request, payload).await?;
    let signature = signature(request.headers()).ok_or_else(refuse)?;
    let keys = &state.settings.paystack.signing_keys;
    let key = keys.verify(signature, &body).ok_or_else(refuse)?;
    state.counters.webhook_key(key);
    app::hear_webhook::hear_webhook(&state, &body).await?;
    Ok(reply::ok(Nothing {}))
}

/// The one signature; two are none.
fn signature(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(SIGNATURE);
    let first = all.next()?;
    match all.next() {
        None => first.to_str().ok(),
        Some(_) => None,
    }
}

/// The body, byte for byte as it came.
async fn read(request: &HttpRequest, payload: Payload) -> Result<Bytes, ApiError> {
    let too_large = || {
        let message = format!("the body must not exceed {BODY_MAX} bytes");
        ApiError::new(ErrorCode::PayloadTooLarge, message)
    };
    let announced = request
        .headers()
        .get(actix_web::http::header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > BODY_MAX) {
        return Err(too_large());
    }
    match payload.to_bytes_limited(BODY_MAX).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_broken)) => Err(ApiError::invalid("body", "could not be read")),
        Err(_exceeded) => Err(too_large()),
    }
}
