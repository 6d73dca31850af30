//! `DELETE /cart/items/{id}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use common::ApiError;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use uuid::Uuid;

use super::cart::CartData;
use crate::app;
use crate::app::shopper::Shopper;
use crate::domain::ids::LineId;
use crate::startup::AppState;

/// Take one thing out of the cart.
#[utoipa::path(
    tag = "cart",
    operation_id = "remove_item",
    security((), ("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The line", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e60"),
        ("X-Session-ID" = Option<String>, Header, description = "A guest's identity, unless the cookie `cart_session` holds it"),
    ),
    responses(
        (status = 200, description = "The cart as it is now", body = Success<CartData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`: the bearer token is not valid", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: there is no such line in the cart", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`", body = ErrorEnvelope),
    )
)]
#[delete("/cart/items/{id}")]
#[tracing::instrument(name = "http.remove_item", skip_all, fields(line.id = %id))]
pub(crate) async fn remove_item(
    state: Data<AppState>,
    shopper: Shopper,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let cart = app::change_cart::remove_item(&state, &shopper, LineId(*id)).await?;
    super::guest::renewed(&state, &shopper, reply::ok(CartData::from(&cart)))
}
