//! `POST /products/{id}/variants`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Json, Path};
use common::reply::{self, Success};
use uuid::Uuid;

use super::product::{Product, ProductData};
use super::product_input::VariantInput;
use crate::app;
use crate::domain::ids::ProductId;
use crate::startup::AppState;

/// Add a variant to a product.
#[utoipa::path(
    tag = "products",
    operation_id = "add_variant",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The product", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    request_body = VariantInput,
    responses(
        (status = 201, description = "The product with it", body = Success<ProductData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`CONFLICT`: the SKU or the slug is taken; `VERSION_CONFLICT`; `INVALID_STATE`", body = ErrorEnvelope),
    )
)]
#[post("/products/{id}/variants")]
#[tracing::instrument(name = "http.add_variant", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn add_variant(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
    body: Json<VariantInput>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditCatalog)?;
    let new = body.into_inner().into();
    let view = app::variants::add_variant(&state, &caller, ProductId(*id), new).await?;
    let product = Product::of(view)?;
    Ok(reply::created(ProductData { product }))
}
