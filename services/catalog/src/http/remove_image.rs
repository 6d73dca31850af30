//! `DELETE /products/{id}/images/{imageId}`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use common::version;
use uuid::Uuid;

use super::product::{Product, ProductData};
use crate::app;
use crate::app::images::ImageChange;
use crate::domain::ids::ProductId;
use crate::startup::AppState;

/// Take a picture of a product away.
#[utoipa::path(
    tag = "products",
    operation_id = "remove_image",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The product", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("imageId" = Uuid, Path, description = "The picture", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("If-Match" = Option<String>, Header, description = "The product's version that was seen", example = "3"),
    ),
    responses(
        (status = 200, description = "The product without it", body = Success<ProductData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`VERSION_CONFLICT`; `INVALID_STATE`", body = ErrorEnvelope),
    )
)]
#[delete("/products/{id}/images/{imageId}")]
#[tracing::instrument(name = "http.remove_image", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn remove_image(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    ids: Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditCatalog)?;
    let (id, image) = ids.into_inner();
    let seen = version::seen(&request, None)?;
    let change = ImageChange::Remove(image);
    let view = app::images::change_images(&state, &caller, ProductId(id), change, seen).await?;
    let product = Product::of(view)?;
    Ok(reply::ok(ProductData { product }))
}
