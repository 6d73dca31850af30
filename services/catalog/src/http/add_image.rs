//! `POST /products/{id}/images`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Json, Path};
use common::reply::{self, Success};
use common::version;
use uuid::Uuid;

use super::product::{Product, ProductData};
use super::product_input::{self as input, ImageInput};
use crate::app;
use crate::app::images::ImageChange;
use crate::domain::ids::ProductId;
use crate::startup::AppState;

/// Add a picture to a product, behind the others.
#[utoipa::path(
    tag = "products",
    operation_id = "add_image",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The product", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("If-Match" = Option<String>, Header, description = "The product's version that was seen", example = "3"),
    ),
    request_body = ImageInput,
    responses(
        (status = 201, description = "The product with it", body = Success<ProductData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`VERSION_CONFLICT`; `INVALID_STATE`", body = ErrorEnvelope),
    )
)]
#[post("/products/{id}/images")]
#[tracing::instrument(name = "http.add_image", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn add_image(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    id: Path<Uuid>,
    body: Json<ImageInput>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditCatalog)?;
    let seen = version::seen(&request, None)?;
    let image = input::image(body.into_inner(), &state.settings.image_hosts, "url")?;
    let change = ImageChange::Add(image);
    let view = app::images::change_images(&state, &caller, ProductId(*id), change, seen).await?;
    let product = Product::of(view)?;
    Ok(reply::created(ProductData { product }))
}
