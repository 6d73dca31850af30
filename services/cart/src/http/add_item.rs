//! `POST /cart/items`.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::idempotency::OptionalIdempotencyKey;
use common::reply::{self, Success};
use common::{ApiError, ids};
use garde::Validate;
use messaging::idempotency::{self, Begun, HeldClaim, StoredResponse};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::cart::CartData;
use super::guest;
use crate::app;
use crate::app::Error;
use crate::app::add_item::{AddItem, Keyed};
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
    let added = add(&state, &buyer, &request, &key, &command).await;
    let gone = matches!(&added, Err(Failed::App(Error::NoCart)));
    if gone && buyer.token.is_some() {
        // The guest's cart expired or was merged at this very moment.
        let newcomer = Identified::newcomer()?;
        let cart = app::add_item::add_item(&state, &newcomer, &command).await?;
        return with_identity(&state, reply::created(CartData::from(&cart)), &newcomer);
    }
    with_identity(&state, added?, &buyer)
}

enum Failed {
    App(Error),
    Api(ApiError),
}

impl From<Failed> for ApiError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::App(error) => error.into(),
            Failed::Api(error) => error,
        }
    }
}

async fn add(
    state: &AppState,
    buyer: &Identified,
    request: &HttpRequest,
    key: &OptionalIdempotencyKey,
    command: &AddItem,
) -> Result<HttpResponse, Failed> {
    match begin(state, buyer, request, key)
        .await
        .map_err(Failed::Api)?
    {
        None | Some(Begun::Unkeyed(_)) => {
            let cart = app::add_item::add_item(state, buyer, command).await;
            let cart = cart.map_err(Failed::App)?;
            Ok(reply::created(CartData::from(&cart)))
        }
        Some(Begun::Replay(stored)) => Ok(stored.replay()),
        Some(Begun::Held(claim)) => add_keyed(state, buyer, command, claim).await,
    }
}

/// Claims the request's key for whoever is known; a guest's first request has nobody to claim it for.
async fn begin(
    state: &AppState,
    buyer: &Identified,
    request: &HttpRequest,
    key: &OptionalIdempotencyKey,
) -> Result<Option<Begun>, ApiError> {
    let Some(key) = key.0.as_ref().filter(|_| buyer.is_known) else {
        return Ok(None);
    };
    let principal = match buyer.owner {
        Owner::User(user) => user.0,
        Owner::Guest(hash) => guest_principal(&hash.0),
    };
    let mut conn = state.db.get().await?;
    let begun = Begun::of(&mut conn, request, principal, Some(key), ids::new_id()).await?;
    Ok(Some(begun))
}

/// 128 bits of the hash of a guest's token: as hard to guess as an id.
fn guest_principal(hash: &[u8; 32]) -> Uuid {
    let mut bytes = [0; 16];
    for (byte, from) in bytes.iter_mut().zip(hash) {
        *byte = *from;
    }
    Uuid::from_bytes(bytes)
}

async fn add_keyed(
    state: &AppState,
    buyer: &Identified,
    command: &AddItem,
    claim: HeldClaim,
) -> Result<HttpResponse, Failed> {
    let keyed = Keyed { claim, answer };
    match app::add_item::add_item_keyed(state, buyer, command, &keyed).await {
        Ok(cart) => {
            let answer = answer(&cart).map_err(|error| Failed::Api(ApiError::internal(error)))?;
            Ok(answer.first())
        }
        Err(error) => {
            // A refusal gives the key back; after anything else its outcome is not known, and the next request finds out.
            if error.is_refusal() {
                release(state, &keyed.claim).await.map_err(Failed::App)?;
            }
            Err(Failed::App(error))
        }
    }
}

async fn release(state: &AppState, claim: &HeldClaim) -> Result<(), Error> {
    let mut conn = state.db.get().await?;
    idempotency::release(&mut conn, claim).await?;
    Ok(())
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
