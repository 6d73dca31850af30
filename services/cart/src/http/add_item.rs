//! `POST /cart/items`.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use common::ApiError;
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::idempotency::OptionalIdempotencyKey;
use common::reply::{self, Success};
use garde::Validate;
use messaging::idempotency::{Begin, Making, StoredResponse};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::cart::CartData;
use super::guest;
use crate::app;
use crate::app::Error;
use crate::app::add_item::AddItem;
use crate::app::shopper::{Identified, Shopper};
use crate::domain::ids::{ProductId, VariantId};
use crate::domain::owner::Owner;
use crate::domain::view::CartView;
use crate::startup::AppState;

/// What to put in the cart.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "productId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e61", "variantId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e62", "quantity": 2
}))]
pub(crate) struct AddItemRequest {
    /// The product.
    #[garde(skip)]
    product_id: Uuid,
    /// The variant; may be left out when the product has only one.
    #[garde(skip)]
    variant_id: Option<Uuid>,
    /// How many more; a line holds 10 unless the shop decides otherwise.
    #[garde(range(min = 1))]
    quantity: u32,
}

impl From<AddItemRequest> for AddItem {
    fn from(request: AddItemRequest) -> Self {
        Self {
            product_id: ProductId(request.product_id),
            variant_id: request.variant_id.map(VariantId),
            quantity: request.quantity,
        }
    }
}

/// Put something in the cart. A guest without a cart gets an identity with the answer: cookie `cart_session` and header
/// `X-Session-ID`, to be sent back as either.
#[utoipa::path(
    tag = "cart",
    operation_id = "add_item",
    security((), ("bearer" = [])),
    params(
        ("X-Session-ID" = Option<String>, Header, description = "A guest's identity, unless the cookie holds it"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with the same key answers \
            the same again. It has no effect on a guest's first request, as nothing tells whose repetition it is",
            example = "add-7f3a"),
    ),
    request_body = AddItemRequest,
    responses(
        (status = 201, description = "The cart with it", body = Success<CartData>),
        (status = 400, description = "`VALIDATION_ERROR`: also for too many of one thing or too many things, and when \
            `variantId` is missing although the product has several", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`: the bearer token is not valid", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: there is no such thing for sale", body = ErrorEnvelope),
        (status = 409, description = "`INSUFFICIENT_STOCK`, or `CONFLICT`: another currency than the cart's", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`", body = ErrorEnvelope),
    )
)]
#[post("/cart/items")]
#[tracing::instrument(name = "http.add_item", skip_all)]
pub(crate) async fn add_item(
    state: Data<AppState>,
    shopper: Shopper,
    request: HttpRequest,
    key: OptionalIdempotencyKey,
    body: Json<AddItemRequest>,
) -> Result<HttpResponse, ApiError> {
    let command = body.into_inner().into();
    let buyer = shopper.identify(&state).await?;
    // A guest's first request has nobody to claim a key for.
    let key = key.0.as_ref().filter(|_| buyer.is_known);
    let begun = Making::begin(&state.db, &request, principal(&buyer), key, answer);
    let making = match begun.await? {
        Begin::Replay(response) => return with_identity(&state, response, &buyer),
        Begin::Make(making) => making,
    };
    let added = if making.is_keyed() {
        app::add_item::add_item_keyed(&state, &buyer, &command, &making).await
    } else {
        app::add_item::add_item(&state, &buyer, &command).await
    };
    if matches!(added, Err(Error::NoCart)) && buyer.token.is_some() {
        // The guest's cart expired or was merged at this very moment.
        making.give_back(&state.db).await?;
        let newcomer = Identified::newcomer()?;
        let cart = app::add_item::add_item(&state, &newcomer, &command).await?;
        return with_identity(&state, reply::created(CartData::from(&cart)), &newcomer);
    }
    let answer = making.finish(&state.db, added).await?;
    with_identity(&state, answer.first(), &buyer)
}

/// Whose keys the request's is one of.
fn principal(buyer: &Identified) -> Uuid {
    match buyer.owner {
        Owner::User(user) => user.0,
        Owner::Guest(hash) => guest_principal(&hash.0),
    }
}

/// 128 bits of the hash of a guest's token: as hard to guess as an id.
fn guest_principal(hash: &[u8; 32]) -> Uuid {
    let mut bytes = [0; 16];
    for (byte, from) in bytes.iter_mut().zip(hash) {
        *byte = *from;
    }
    Uuid::from_bytes(bytes)
}

fn answer(cart: &CartView) -> serde_json::Result<StoredResponse> {
    StoredResponse::json(StatusCode::CREATED, &Success::new(CartData::from(cart)))
}

fn with_identity(
    state: &AppState,
    mut response: HttpResponse,
    buyer: &Identified,
) -> Result<HttpResponse, ApiError> {
    if let Some(token) = &buyer.token {
        let kept = state.settings.rules().lifetimes.guest_secs;
        guest::hand_over(&mut response, token, kept)?;
    }
    Ok(response)
}
