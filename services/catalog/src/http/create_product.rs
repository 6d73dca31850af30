//! `POST /products`.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::idempotency::OptionalIdempotencyKey;
use common::reply::Success;
use garde::Validate;
use messaging::idempotency::{Begin, Making, StoredResponse};
use money::{Amount, Currency};
use serde::Deserialize;
use serde::ser::Error as _;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::product::{Product, ProductData};
use super::product_input::{self as input, ImageInput, SizeInput, VariantInput};
use crate::app;
use crate::app::find::ProductView;
use crate::app::products::NewProduct;
use crate::startup::AppState;

/// A new product.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "sku": "FAB-ROYAL-LACE", "title": "Royal lace", "price": 48500, "tags": ["lace", "wedding"],
    "variants": [{ "sku": "FAB-ROYAL-LACE-GOLD", "name": "Gold", "options": { "colour": "Gold" }, "initialStock": 60 }]
}))]
pub(crate) struct CreateProductRequest {
    /// How staff calls it: 1 to 64 visible characters, of no other product.
    #[garde(custom(input::check_sku))]
    sku: String,
    /// Its part of a URL; made from the title if absent.
    #[garde(skip)]
    slug: Option<String>,
    /// 1 to 200 characters.
    #[garde(custom(input::check_title))]
    title: String,
    #[serde(default)]
    #[garde(length(chars, max = 500))]
    short_description: String,
    #[serde(default)]
    #[garde(length(chars, max = 20_000))]
    description: String,
    #[garde(skip)]
    price: Amount,
    #[serde(default = "input::naira")]
    #[garde(skip)]
    currency: Currency,
    /// In grams.
    #[garde(inner(range(min = 0, max = 1_000_000)))]
    weight: Option<i32>,
    #[garde(dive)]
    dimensions: Option<SizeInput>,
    #[garde(skip)]
    category_id: Option<Uuid>,
    #[serde(default)]
    #[garde(length(max = 50), inner(custom(input::check_tag)))]
    tags: Vec<String>,
    #[serde(default = "input::yes")]
    #[garde(skip)]
    is_active: bool,
    #[serde(default)]
    #[garde(skip)]
    is_featured: bool,
    #[serde(default = "input::empty")]
    #[schema(value_type = Object)]
    #[garde(custom(input::small_object))]
    metadata: Value,
    /// One of the product's own name is made if there is none.
    #[serde(default)]
    #[garde(length(max = app::variants::VARIANTS_MAX), dive)]
    variants: Vec<VariantInput>,
    #[serde(default)]
    #[garde(length(max = input::IMAGES_MAX), dive)]
    images: Vec<ImageInput>,
}

impl CreateProductRequest {
    fn into_command(self, hosts: &[String]) -> Result<NewProduct, ApiError> {
        Ok(NewProduct {
            sku: self.sku,
            slug: self.slug,
            title: self.title.trim().to_owned(),
            short_description: self.short_description,
            description: self.description,
            price: self.price,
            currency: self.currency,
            weight_grams: self.weight,
            dimensions: self.dimensions.map(Into::into),
            category_id: self.category_id,
            tags: input::tags(self.tags),
            is_active: self.is_active,
            is_featured: self.is_featured,
            metadata: self.metadata,
            variants: self.variants.into_iter().map(Into::into).collect(),
            images: input::images(self.images, hosts)?,
        })
    }
}

/// Add a product with its variants and pictures.
#[utoipa::path(
    tag = "products",
    operation_id = "create_product",
    security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with the same key \
        answers the same again", example = "product-7f3a")),
    request_body = CreateProductRequest,
    responses(
        (status = 201, description = "Added", body = Success<ProductData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
        (status = 409, description = "`CONFLICT`: the SKU or the slug is taken; `VERSION_CONFLICT`; `INVALID_STATE`", body = ErrorEnvelope),
    )
)]
#[post("/products")]
#[tracing::instrument(name = "http.create_product", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn create_product(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    key: OptionalIdempotencyKey,
    body: Json<CreateProductRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditCatalog)?;
    let command = body
        .into_inner()
        .into_command(&state.settings.image_hosts)?;
    let begun = Making::begin(&state.db, &request, caller.id, key.0.as_ref(), answer);
    let making = match begun.await? {
        Begin::Replay(response) => return Ok(response),
        Begin::Make(making) => making,
    };
    let made = app::products::create_product(&state, &caller, command, &making).await;
    Ok(making.finish(&state.db, made).await?.first())
}

fn answer(view: &ProductView) -> serde_json::Result<StoredResponse> {
    let product =
        Product::of(view.clone()).map_err(|error| serde_json::Error::custom(error.message()))?;
    StoredResponse::json(StatusCode::CREATED, &Success::new(ProductData { product }))
}
