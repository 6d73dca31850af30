//! `GET /cart`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::error::ErrorEnvelope;
use common::reply::{self, Success};

use super::cart::CartData;
use crate::app;
use crate::app::shopper::Shopper;
use crate::startup::AppState;

/// Look at the cart, with the prices and the availability of now. Somebody who has none gets an empty one.
#[utoipa::path(
    tag = "cart",
    operation_id = "get_cart",
    security((), ("bearer" = [])),
    params(("X-Session-ID" = Option<String>, Header, description = "A guest's identity, unless the cookie `cart_session` holds it")),
    responses(
        (status = 200, description = "The cart", body = Success<CartData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`: the bearer token is not valid", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`", body = ErrorEnvelope),
    )
)]
#[get("/cart")]
#[tracing::instrument(name = "http.get_cart", skip_all)]
pub(crate) async fn get_cart(
    state: Data<AppState>,
    shopper: Shopper,
) -> Result<HttpResponse, ApiError> {
    let cart = app::get_cart::get_cart(&state, &shopper).await?;
    Ok(reply::ok(CartData::from(&cart)))
}
