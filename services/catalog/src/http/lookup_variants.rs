//! `POST /internal/variants/lookup`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::ServiceCaller;
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::reply::{self, Success};
use garde::Validate;
use money::{Amount, Currency, Money};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app;
use crate::domain::ids::{ProductId, VariantId};
use crate::startup::AppState;
use crate::store::lookup::FoundVariant;

/// Which variants: by their own ids, by those of their products, or both.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "variantIds": ["0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"] }))]
pub(crate) struct LookupRequest {
    /// At most 200.
    #[serde(default)]
    #[garde(length(max = 200))]
    variant_ids: Vec<Uuid>,
    /// At most 200.
    #[serde(default)]
    #[garde(length(max = 200))]
    product_ids: Vec<Uuid>,
}

/// What there is of them.
#[derive(Serialize, ToSchema)]
pub(crate) struct LookupData {
    variants: Vec<VariantFacts>,
}

/// A variant with what it has from its product.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VariantFacts {
    variant_id: Uuid,
    product_id: Uuid,
    sku: String,
    /// The product's.
    title: String,
    name: Option<String>,
    slug: String,
    price: Amount,
    currency: Currency,
    /// In grams.
    weight: Option<i32>,
    /// Whether it can be bought at all.
    is_active: bool,
    /// What inventory last said.
    available: i64,
    thumbnail: Option<String>,
    /// How many variants its product has.
    variant_count: i64,
}

impl VariantFacts {
    fn of(found: FoundVariant) -> Result<Self, ApiError> {
        let currency: Currency = found.currency.parse().map_err(ApiError::internal)?;
        let price = Money::from_decimal(&found.price, currency).map_err(ApiError::internal)?;
        Ok(Self {
            price: Amount::try_from_minor(price.minor()).map_err(ApiError::internal)?,
            currency,
            variant_id: found.variant_id,
            product_id: found.product_id,
            sku: found.sku,
            title: found.title,
            name: found.name,
            slug: found.slug,
            weight: found.weight_grams,
            is_active: found.is_active,
            available: found.available,
            thumbnail: found.thumbnail,
            variant_count: found.variant_count,
        })
    }
}

/// Look variants up. What there is not is left out; what is deleted is found by its own id, and not active.
#[utoipa::path(
    tag = "internal",
    operation_id = "lookup_variants",
    security(("service" = [])),
    request_body = LookupRequest,
    responses(
        (status = 200, description = "What there is of them", body = Success<LookupData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`: no service token", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for cart, orders and inventory only", body = ErrorEnvelope),
    )
)]
#[post("/variants/lookup")]
#[tracing::instrument(name = "http.lookup_variants", skip_all)]
pub(crate) async fn lookup_variants(
    state: Data<AppState>,
    caller: ServiceCaller,
    body: Json<LookupRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.allow(&["cart", "orders", "inventory"])?;
    let LookupRequest {
        variant_ids,
        product_ids,
    } = body.into_inner();
    let variants: Vec<VariantId> = variant_ids.into_iter().map(VariantId).collect();
    let products: Vec<ProductId> = product_ids.into_iter().map(ProductId).collect();
    let found = app::lookup::lookup_variants(&state, &variants, &products).await?;
    let variants = found
        .into_iter()
        .map(VariantFacts::of)
        .collect::<Result<_, _>>()?;
    Ok(reply::ok(LookupData { variants }))
}
