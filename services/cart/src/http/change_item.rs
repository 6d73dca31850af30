//! `PATCH /cart/items/{id}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use common::ApiError;
use common::error::ErrorEnvelope;
use common::extract::{Json, Path};
use common::reply::{self, Success};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::cart::CartData;
use crate::app;
use crate::app::shopper::Shopper;
use crate::domain::ids::LineId;
use crate::startup::AppState;

/// How many to have.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "quantity": 3 }))]
pub(crate) struct ChangeItemRequest {
    /// How many; 0 takes the line out.
    #[garde(skip)]
    quantity: u32,
}

/// Have so many of one thing; 0 takes it out.
#[utoipa::path(
    tag = "cart",
    operation_id = "change_item",
    security((), ("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The line", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e60"),
        ("X-Session-ID" = Option<String>, Header, description = "A guest's identity, unless the cookie `cart_session` holds it"),
    ),
    request_body = ChangeItemRequest,
    responses(
        (status = 200, description = "The cart as it is now", body = Success<CartData>),
        (status = 400, description = "`VALIDATION_ERROR`: also for more than a line may hold", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`: the bearer token is not valid", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: there is no such line in the cart", body = ErrorEnvelope),
        (status = 409, description = "`INSUFFICIENT_STOCK`, or `CONFLICT`: it is sold in another currency by now", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`", body = ErrorEnvelope),
    )
)]
#[patch("/cart/items/{id}")]
#[tracing::instrument(name = "http.change_item", skip_all, fields(line.id = %id))]
pub(crate) async fn change_item(
    state: Data<AppState>,
    shopper: Shopper,
    id: Path<Uuid>,
    body: Json<ChangeItemRequest>,
) -> Result<HttpResponse, ApiError> {
    let quantity = body.into_inner().quantity;
    let cart = app::change_cart::change_item(&state, &shopper, LineId(*id), quantity).await?;
    super::guest::renewed(&state, &shopper, reply::ok(CartData::from(&cart)))
}
