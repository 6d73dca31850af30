//! `PATCH /products/{id}/variants/{variantId}`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, patch};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Json, Path};
use common::reply::{self, Success};
use common::version;
use garde::Validate;
use money::SignedAmount;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::product::{Product, ProductData};
use super::product_input as input;
use crate::app;
use crate::app::variants::VariantChange;
use crate::domain::ids::{ProductId, VariantId};
use crate::startup::AppState;

/// What to change. A part that is absent stays as it is; `null` takes the name away.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "priceDelta": 1500, "version": 4 }))]
pub(crate) struct ChangeVariantRequest {
    #[garde(inner(custom(input::check_sku)))]
    sku: Option<String>,
    #[serde(default, deserialize_with = "input::present")]
    #[schema(value_type = Option<String>)]
    #[garde(inner(inner(length(chars, min = 1, max = 100))))]
    name: Option<Option<String>>,
    #[garde(skip)]
    price_delta: Option<SignedAmount>,
    #[schema(value_type = Option<Object>)]
    #[garde(inner(custom(input::small_object)))]
    options: Option<Value>,
    #[schema(value_type = Option<Object>)]
    #[garde(inner(custom(input::small_object)))]
    metadata: Option<Value>,
    #[garde(inner(range(min = 0, max = 10_000)))]
    position: Option<i32>,
    /// The product's version that was seen; `If-Match` says the same.
    #[garde(skip)]
    version: Option<i64>,
}

/// Change a variant of a product.
#[utoipa::path(
    tag = "products",
    operation_id = "change_variant",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The product", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("variantId" = Uuid, Path, description = "The variant", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("If-Match" = Option<String>, Header, description = "The product's version that was seen", example = "3"),
    ),
    request_body = ChangeVariantRequest,
    responses(
        (status = 200, description = "The product as it is now", body = Success<ProductData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`CONFLICT`: the SKU or the slug is taken; `VERSION_CONFLICT`; `INVALID_STATE`", body = ErrorEnvelope),
    )
)]
#[patch("/products/{id}/variants/{variantId}")]
#[tracing::instrument(name = "http.change_variant", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn change_variant(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    ids: Path<(Uuid, Uuid)>,
    body: Json<ChangeVariantRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditCatalog)?;
    let (product, variant) = ids.into_inner();
    let body = body.into_inner();
    let change = VariantChange {
        sku: body.sku,
        name: body.name,
        price_delta: body.price_delta,
        options: body.options,
        metadata: body.metadata,
        position: body.position,
        version: version::seen(&request, body.version)?,
    };
    let (product, variant) = (ProductId(product), VariantId(variant));
    let view = app::variants::change_variant(&state, &caller, product, variant, change).await?;
    let product = Product::of(view)?;
    Ok(reply::ok(ProductData { product }))
}
