//! `DELETE /products/{id}/variants/{variantId}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use uuid::Uuid;

use super::product::{Product, ProductData};
use crate::app;
use crate::domain::ids::{ProductId, VariantId};
use crate::startup::AppState;

/// Take a variant away. The last one goes only with its product.
#[utoipa::path(
    tag = "products",
    operation_id = "remove_variant",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The product", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("variantId" = Uuid, Path, description = "The variant", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
    ),
    responses(
        (status = 200, description = "The product without it", body = Success<ProductData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: it is the last one", body = ErrorEnvelope),
    )
)]
#[delete("/products/{id}/variants/{variantId}")]
#[tracing::instrument(name = "http.remove_variant", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn remove_variant(
    state: Data<AppState>,
    caller: CurrentUser,
    ids: Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditCatalog)?;
    let (product, variant) = ids.into_inner();
    let (product, variant) = (ProductId(product), VariantId(variant));
    let view = app::variants::remove_variant(&state, &caller, product, variant).await?;
    let product = Product::of(view)?;
    Ok(reply::ok(ProductData { product }))
}
