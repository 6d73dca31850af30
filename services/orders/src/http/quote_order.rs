//! `POST /orders/quote`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::reply::{self, Success};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::address::line;
use super::quote::QuoteData;
use super::wants::{self, WantedItem};
use crate::app::Error;
use crate::app::pricing::{self, Terms};
use crate::domain::ids::UserId;
use crate::startup::AppState;

/// What might be ordered, and where it would go.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct QuoteOrderRequest {
    #[garde(dive)]
    #[serde(default)]
    items: Option<Vec<WantedItem>>,
    /// `true`: whatever is in the caller's cart; needs a token.
    #[garde(skip)]
    #[serde(default)]
    from_cart: Option<bool>,
    /// ISO 3166-1 alpha-2.
    #[garde(length(equal = 2), ascii)]
    #[schema(example = "NG")]
    country: String,
    #[garde(custom(line(0, 100)))]
    #[serde(default)]
    #[schema(example = "Lagos")]
    state: String,
    /// Its code; the country's default if absent.
    #[garde(inner(length(max = 40)))]
    #[serde(default)]
    shipping_method: Option<String>,
    #[garde(inner(length(max = 40)))]
    #[serde(default)]
    coupon_code: Option<String>,
}

/// See what an order would come to, and the ways to ship it. Nothing is held or promised.
#[utoipa::path(
    tag = "orders",
    operation_id = "quote_order",
    security((), ("bearer" = [])),
    request_body = QuoteOrderRequest,
    responses(
        (status = 200, description = "The totals", body = Success<QuoteData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 422, description = "`COUPON_INVALID`, `COUPON_EXPIRED`, `COUPON_EXHAUSTED`", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`", body = ErrorEnvelope),
    )
)]
#[post("/orders/quote")]
#[tracing::instrument(name = "http.quote_order", skip_all)]
pub(crate) async fn quote_order(
    state: Data<AppState>,
    caller: Option<CurrentUser>,
    body: Json<QuoteOrderRequest>,
) -> Result<HttpResponse, ApiError> {
    let asked = body.into_inner();
    let buyer = caller.map(|caller| UserId(caller.id));
    let wants = wants::wants(asked.items, asked.from_cart)?;
    let terms = Terms {
        country: asked.country.to_ascii_uppercase(),
        state: asked.state,
        method: asked.shipping_method,
        coupon: wants::coupon(asked.coupon_code),
    };
    let basket = pricing::fill(&state, wants, buyer).await?;
    let mut conn = state.db.get().await?;
    let quote: Result<_, Error> = pricing::price(&mut conn, &state, basket, &terms, buyer).await;
    Ok(reply::ok(QuoteData::of(&quote?)))
}
