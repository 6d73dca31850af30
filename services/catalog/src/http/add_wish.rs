//! `POST /wishlist`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::reply::{self, Nothing, Success};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app;
use crate::domain::ids::{ProductId, UserId, VariantId};
use crate::startup::AppState;

/// What to remember.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "productId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f" }))]
pub(crate) struct AddWishRequest {
    product_id: Uuid,
    variant_id: Option<Uuid>,
}

/// Put a product on one's wishlist, which holds at most 200. One that is there stays, with the variant named now.
#[utoipa::path(
    tag = "wishlist",
    operation_id = "add_wish",
    security(("bearer" = [])),
    request_body = AddWishRequest,
    responses(
        (status = 201, description = "It is on the list", body = Success<Nothing>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: the list is full", body = ErrorEnvelope),
    )
)]
#[post("/wishlist")]
#[tracing::instrument(name = "http.add_wish", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn add_wish(
    state: Data<AppState>,
    caller: CurrentUser,
    body: Json<AddWishRequest>,
) -> Result<HttpResponse, ApiError> {
    let (product, variant) = (ProductId(body.product_id), body.variant_id.map(VariantId));
    app::wishlist::add_wish(&state, UserId(caller.id), product, variant).await?;
    Ok(reply::created(Nothing {}))
}
