//! `POST /orders`.

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
use messaging::idempotency::{Begin, GivesKeyBack as _, Making, Released, StoredResponse};
use money::Amount;
use serde::Deserialize;
use serde::ser::Error as _;
use utoipa::ToSchema;

use super::address::{AddressBody, line};
use super::order::OrderData;
use super::wants::{self, WantedItem};
use crate::app;
use crate::app::place_order::PlaceOrder;
use crate::app::placing::Placing;
use crate::app::pricing::Terms;
use crate::app::queries::OrderView;
use crate::domain::address::Address;
use crate::domain::ids::UserId;
use crate::startup::AppState;

/// What is ordered, and where it goes. Prices are the shop's; there is no field for them.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PlaceOrderRequest {
    /// What; lines of the same variant are merged.
    #[garde(dive)]
    #[serde(default)]
    items: Option<Vec<WantedItem>>,
    /// `true`: whatever is in the cart.
    #[garde(skip)]
    #[serde(default)]
    from_cart: Option<bool>,
    #[garde(dive)]
    shipping_address: AddressBody,
    /// The shipping address if absent.
    #[garde(dive)]
    #[serde(default)]
    billing_address: Option<AddressBody>,
    /// Its code; the country's default if absent.
    #[garde(inner(length(max = 40)))]
    #[serde(default)]
    #[schema(example = "standard")]
    shipping_method: Option<String>,
    #[garde(inner(length(max = 40)))]
    #[serde(default)]
    coupon_code: Option<String>,
    #[garde(inner(custom(check_notes)))]
    #[serde(default)]
    notes: Option<String>,
    /// What the buyer was shown: the order is refused if it comes to something else.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    expected_total: Option<Amount>,
}

/// Words of the buyer to the shop.
fn check_notes(text: &str, context: &()) -> garde::Result {
    let one_line = text.replace(['\n', '\r', '\t'], " ");
    line(0, 1_000)(&one_line, context)
}

impl PlaceOrderRequest {
    fn into_command(self, buyer: UserId) -> Result<PlaceOrder, ApiError> {
        let shipping = Address::from(self.shipping_address);
        Ok(PlaceOrder {
            buyer,
            wants: wants::wants(self.items, self.from_cart)?,
            terms: Terms {
                country: shipping.country.clone(),
                state: shipping.state.clone(),
                method: self.shipping_method,
                coupon: wants::coupon(self.coupon_code),
            },
            shipping,
            billing: self.billing_address.map(Address::from),
            notes: self.notes.filter(|notes| !notes.trim().is_empty()),
            expected_total: self.expected_total,
        })
    }
}

/// Place an order. Its goods are held until `expiresAt`; pay for it with `POST /payments/initialize`.
#[utoipa::path(
    tag = "orders",
    operation_id = "place_order",
    security(("bearer" = [])),
    params(("Idempotency-Key" = String, Header, description = "Repeating a request with the same key \
        answers the same again", example = "order-7f3a")),
    request_body = PlaceOrderRequest,
    responses(
        (status = 201, description = "Placed", body = Success<OrderData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 409, description = "`INSUFFICIENT_STOCK`, with a detail for each item; `PRICE_CHANGED`, with the new total; \
            `IDEMPOTENCY_IN_PROGRESS`", body = ErrorEnvelope),
        (status = 422, description = "`COUPON_INVALID`, `COUPON_EXPIRED`, `COUPON_EXHAUSTED`, `AMOUNT_TOO_SMALL`, \
            `AMOUNT_TOO_LARGE`, `IDEMPOTENCY_KEY_REUSED`", body = ErrorEnvelope),
        (status = 429, description = "`RESERVATION_LIMIT`", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: repeat it with the same key", body = ErrorEnvelope),
    )
)]
#[post("/orders")]
#[tracing::instrument(name = "http.place_order", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn place_order(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    key: IdempotencyKey,
    body: Json<PlaceOrderRequest>,
) -> Result<HttpResponse, ApiError> {
    let command = body.into_inner().into_command(UserId(caller.id))?;
    let (db, sealer) = (&state.db, &state.sealer);
    let begun = Making::begin_sealed(db, &request, caller.id, Some(&key), answer, sealer);
    let placing = match begun.await? {
        Begin::Replay(response) => return Ok(response),
        Begin::Make(making) => Placing::new(making),
    };
    match app::place_order::place_order(&state, command, &placing).await {
        Err(error) if error.gives_key_back() => {
            give_back(&state, &placing).await?;
            Err(error.into())
        }
        placed => Ok(placing.making.finish(db, placed).await?.first()),
    }
}

/// Gives the key back after a refusal. Only whoever gave it back undoes what was done elsewhere under the order's id.
async fn give_back(state: &AppState, placing: &Placing) -> Result<(), ApiError> {
    let released = placing.making.give_back(&state.db).await?;
    if released == Released::Yes && placing.has_reached_out() {
        app::place_order::let_go(state, placing.making.id).await;
    }
    Ok(())
}

fn answer(view: &OrderView) -> serde_json::Result<StoredResponse> {
    let data = OrderData::of(view);
    let data = data.map_err(|error| serde_json::Error::custom(error.message()))?;
    StoredResponse::json(StatusCode::CREATED, &Success::new(data))
}
