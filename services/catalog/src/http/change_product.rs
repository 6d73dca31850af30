//! `PATCH /products/{id}`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, patch};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Json, Path};
use common::reply::{self, Success};
use common::version;
use garde::Validate;
use money::{Amount, Currency};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::product::{Product, ProductData};
use super::product_input::{self as input, ImageInput, SizeInput};
use crate::app;
use crate::app::products::ProductChange;
use crate::domain::ids::ProductId;
use crate::startup::AppState;

/// What to change. A part that is absent stays as it is; `null` takes an optional part away.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "price": 52000, "categoryId": null, "version": 3 }))]
pub(crate) struct ChangeProductRequest {
    #[garde(inner(custom(input::check_sku)))]
    sku: Option<String>,
    #[garde(skip)]
    slug: Option<String>,
    #[garde(inner(custom(input::check_title)))]
    title: Option<String>,
    #[garde(inner(length(chars, max = 500)))]
    short_description: Option<String>,
    #[garde(inner(length(chars, max = 20_000)))]
    description: Option<String>,
    #[garde(skip)]
    price: Option<Amount>,
    #[garde(skip)]
    currency: Option<Currency>,
    /// In grams.
    #[serde(default, deserialize_with = "input::present")]
    #[schema(value_type = Option<i32>)]
    #[garde(inner(inner(range(min = 0, max = 1_000_000))))]
    weight: Option<Option<i32>>,
    #[serde(default, deserialize_with = "input::present")]
    #[schema(value_type = Option<SizeInput>)]
    #[garde(dive)]
    dimensions: Option<Option<SizeInput>>,
    #[serde(default, deserialize_with = "input::present")]
    #[schema(value_type = Option<Uuid>)]
    #[garde(skip)]
    category_id: Option<Option<Uuid>>,
    #[garde(inner(length(max = 50), inner(custom(input::check_tag))))]
    tags: Option<Vec<String>>,
    #[garde(skip)]
    is_active: Option<bool>,
    #[garde(skip)]
    is_featured: Option<bool>,
    #[schema(value_type = Option<Object>)]
    #[garde(inner(custom(input::small_object)))]
    metadata: Option<Value>,
    /// All its pictures anew.
    #[garde(custom(input::check_count), dive)]
    images: Option<Vec<ImageInput>>,
    /// The version that was seen; `If-Match` says the same.
    #[garde(skip)]
    version: Option<i64>,
}

impl ChangeProductRequest {
    fn into_command(self, hosts: &[String]) -> Result<ProductChange, ApiError> {
        Ok(ProductChange {
            sku: self.sku,
            slug: self.slug,
            title: self.title.map(|title| title.trim().to_owned()),
            short_description: self.short_description,
            description: self.description,
            price: self.price,
            currency: self.currency,
            weight_grams: self.weight,
            dimensions: self.dimensions.map(|size| size.map(Into::into)),
            category_id: self.category_id,
            tags: self.tags.map(input::tags),
            is_active: self.is_active,
            is_featured: self.is_featured,
            metadata: self.metadata,
            images: self
                .images
                .map(|images| input::images(images, hosts))
                .transpose()?,
            version: self.version,
        })
    }
}

/// Change a product.
#[utoipa::path(
    tag = "products",
    operation_id = "change_product",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The product", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen", example = "3"),
    ),
    request_body = ChangeProductRequest,
    responses(
        (status = 200, description = "The product as it is now", body = Success<ProductData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`CONFLICT`: the SKU or the slug is taken; `VERSION_CONFLICT`; `INVALID_STATE`", body = ErrorEnvelope),
    )
)]
#[patch("/products/{id}")]
#[tracing::instrument(name = "http.change_product", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn change_product(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    id: Path<Uuid>,
    body: Json<ChangeProductRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditCatalog)?;
    let mut command = body
        .into_inner()
        .into_command(&state.settings.image_hosts)?;
    command.version = version::seen(&request, command.version)?;
    let view = app::products::change_product(&state, &caller, ProductId(*id), command).await?;
    let product = Product::of(view)?;
    Ok(reply::ok(ProductData { product }))
}
