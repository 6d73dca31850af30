//! `DELETE /cart`.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use common::ApiError;
use common::error::ErrorEnvelope;
use common::reply::{self, Success};

use super::cart::CartData;
use crate::app;
use crate::app::shopper::Shopper;
use crate::startup::AppState;

/// Take everything out of the cart. One that is empty stays so.
#[utoipa::path(
    tag = "cart",
    operation_id = "clear_cart",
    security((), ("bearer" = [])),
    params(("X-Session-ID" = Option<String>, Header, description = "A guest's identity, unless the cookie `cart_session` holds it")),
    responses(
        (status = 200, description = "The empty cart", body = Success<CartData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`: the bearer token is not valid", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`", body = ErrorEnvelope),
    )
)]
#[delete("/cart")]
#[tracing::instrument(name = "http.clear_cart", skip_all)]
pub(crate) async fn clear_cart(
    state: Data<AppState>,
    shopper: Shopper,
) -> Result<HttpResponse, ApiError> {
    let cart = app::change_cart::clear_cart(&state, &shopper).await?;
    Ok(reply::ok(CartData::from(&cart)))
}
