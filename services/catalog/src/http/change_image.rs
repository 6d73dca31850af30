//! `PATCH /products/{id}/images/{imageId}`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, patch};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Json, Path};
use common::reply::{self, Success};
use common::version;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::product::{Product, ProductData};
use super::product_input::ImageKind;
use crate::app;
use crate::app::images::{ImageChange, ImagePart};
use crate::domain::ids::ProductId;
use crate::startup::AppState;

/// What to change. A part that is absent stays as it is.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "alt": "Gold lace, folded", "position": 0 }))]
pub(crate) struct ChangeImageRequest {
    /// What it shows, in words.
    #[garde(inner(length(chars, max = 200)))]
    alt: Option<String>,
    /// `gallery` or `thumbnail`.
    #[serde(rename = "type")]
    #[garde(skip)]
    kind: Option<ImageKind>,
    /// Its place among the pictures, from 0.
    #[garde(inner(range(min = 0, max = 100)))]
    position: Option<usize>,
    /// The product's version that was seen; `If-Match` says the same.
    #[garde(skip)]
    version: Option<i64>,
}

/// Change a picture of a product, or its place.
#[utoipa::path(
    tag = "products",
    operation_id = "change_image",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The product", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("imageId" = Uuid, Path, description = "The picture", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("If-Match" = Option<String>, Header, description = "The product's version that was seen", example = "3"),
    ),
    request_body = ChangeImageRequest,
    responses(
        (status = 200, description = "The product as it is now", body = Success<ProductData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`VERSION_CONFLICT`; `INVALID_STATE`", body = ErrorEnvelope),
    )
)]
#[patch("/products/{id}/images/{imageId}")]
#[tracing::instrument(name = "http.change_image", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn change_image(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    ids: Path<(Uuid, Uuid)>,
    body: Json<ChangeImageRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditCatalog)?;
    let (id, image) = ids.into_inner();
    let body = body.into_inner();
    let seen = version::seen(&request, body.version)?;
    let part = ImagePart {
        alt: body.alt,
        is_thumbnail: body.kind.map(|kind| kind == ImageKind::Thumbnail),
        position: body.position,
    };
    let change = ImageChange::Change(image, part);
    let view = app::images::change_images(&state, &caller, ProductId(id), change, seen).await?;
    let product = Product::of(view)?;
    Ok(reply::ok(ProductData { product }))
}
