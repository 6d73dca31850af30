//! A product on the wire.

use chrono::{DateTime, Utc};
use common::ApiError;
use money::{Amount, Currency, Money, SignedAmount};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::find::ProductView;
use crate::domain::pricing;
use crate::store::images::ImageRow;
use crate::store::listing::ShownProduct;
use crate::store::variants::ShownVariant;

/// What the shop sells.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Product {
    id: Uuid,
    #[schema(example = "FAB-ROYAL-LACE")]
    sku: String,
    /// Its part of a URL.
    #[schema(example = "royal-lace")]
    slug: String,
    title: String,
    short_description: String,
    description: String,
    price: Amount,
    currency: Currency,
    /// In grams.
    weight: Option<i32>,
    dimensions: Option<Size>,
    category: Option<CategoryRef>,
    tags: Vec<String>,
    /// Whether shoppers see it.
    is_active: bool,
    /// Whether the front page shows it.
    is_featured: bool,
    #[schema(value_type = Object)]
    metadata: Value,
    /// The picture to show it by.
    thumbnail: Option<String>,
    images: Vec<Image>,
    /// At least one.
    variants: Vec<Variant>,
    /// Whether any variant can be bought, as far as is known: for display only.
    in_stock: bool,
    /// How many of all variants, as far as is known: for display only.
    available: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// Grows with each change; see `If-Match`.
    version: i64,
}

/// How large something is, in millimetres.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Size {
    length: i32,
    width: i32,
    height: i32,
}

/// A category by its names.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CategoryRef {
    id: Uuid,
    name: String,
    slug: String,
}

/// A picture.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Image {
    id: Uuid,
    url: String,
    /// What it shows, in words.
    alt: String,
    /// `gallery` or `thumbnail`.
    #[serde(rename = "type")]
    kind: String,
    position: i32,
}

/// What is bought.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Variant {
    id: Uuid,
    sku: String,
    name: Option<String>,
    /// What it costs more than the product.
    price_delta: SignedAmount,
    /// What it costs.
    price: Amount,
    #[schema(value_type = Object)]
    options: Value,
    #[schema(value_type = Object)]
    metadata: Value,
    in_stock: bool,
    available: i64,
}

/// One product.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductData {
    pub(crate) product: Product,
}

impl Product {
    /// # Errors
    /// When a stored price cannot be read, which is a bug.
    pub(crate) fn of(view: ProductView) -> Result<Self, ApiError> {
        let ProductView {
            product,
            variants,
            images,
        } = view;
        let currency: Currency = product.currency.parse().map_err(ApiError::internal)?;
        let price = Money::from_decimal(&product.price, currency).map_err(ApiError::internal)?;
        let variants = variants
            .into_iter()
            .map(|variant| Variant::of(variant, price))
            .collect::<Result<_, _>>()?;
        let images: Vec<Image> = images.into_iter().map(Image::from).collect();
        let thumbnail = images
            .iter()
            .find(|image| image.kind == "thumbnail")
            .or_else(|| images.first())
            .map(|image| image.url.clone());
        Ok(Self {
            price: Amount::try_from_minor(price.minor()).map_err(ApiError::internal)?,
            currency,
            dimensions: size_of(&product),
            category: category_of(&product),
            thumbnail,
            images,
            variants,
            id: product.id,
            sku: product.sku,
            slug: product.slug,
            title: product.title,
            short_description: product.short_description,
            description: product.description,
            weight: product.weight_grams,
            tags: product.tags,
            is_active: product.is_active,
            is_featured: product.is_featured,
            metadata: product.metadata,
            in_stock: product.available > 0,
            available: product.available,
            created_at: product.created_at,
            updated_at: product.updated_at,
            version: product.version,
        })
    }

    pub(crate) fn all(views: Vec<ProductView>) -> Result<Vec<Self>, ApiError> {
        views.into_iter().map(Self::of).collect()
    }
}

impl Variant {
    fn of(row: ShownVariant, product: Money) -> Result<Self, ApiError> {
        let delta = Money::from_decimal(&row.price_delta, product.currency());
        let delta = SignedAmount::from_minor(delta.map_err(ApiError::internal)?.minor());
        Ok(Self {
            id: row.id,
            sku: row.sku,
            name: row.name,
            price_delta: delta,
            price: pricing::price_of(product, delta).map_err(ApiError::internal)?,
            options: row.options,
            metadata: row.metadata,
            in_stock: row.available > 0,
            available: row.available,
        })
    }
}

impl From<ImageRow> for Image {
    fn from(row: ImageRow) -> Self {
        Self {
            id: row.id,
            url: row.url,
            alt: row.alt,
            kind: row.kind,
            position: row.position,
        }
    }
}

fn size_of(product: &ShownProduct) -> Option<Size> {
    Some(Size {
        length: product.length_mm?,
        width: product.width_mm?,
        height: product.height_mm?,
    })
}

fn category_of(product: &ShownProduct) -> Option<CategoryRef> {
    Some(CategoryRef {
        id: product.category_id?,
        name: product.category_name.clone()?,
        slug: product.category_slug.clone()?,
    })
}
