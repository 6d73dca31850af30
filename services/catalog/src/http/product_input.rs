//! What clients may say of products: read, trimmed and bounded.

use common::ApiError;
use garde::Validate;
use money::{Amount, Currency, SignedAmount};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) use crate::app::images::IMAGES_MAX;
use crate::app::products::{Dimensions, NewImage, NewVariant};

/// Free-form data may take this much as text.
const METADATA_BYTES_MAX: usize = 16 * 1024;

/// A new variant.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "sku": "FAB-ROYAL-LACE-GOLD", "name": "Gold", "options": { "colour": "Gold" }, "initialStock": 60 }))]
pub(crate) struct VariantInput {
    /// 1 to 64 visible characters.
    #[garde(custom(check_sku))]
    pub(crate) sku: String,
    #[garde(inner(length(chars, min = 1, max = 100)))]
    pub(crate) name: Option<String>,
    /// What it costs more than the product; less if negative.
    #[serde(default)]
    #[garde(skip)]
    pub(crate) price_delta: SignedAmount,
    #[serde(default = "empty")]
    #[schema(value_type = Object)]
    #[garde(custom(small_object))]
    pub(crate) options: Value,
    #[serde(default = "empty")]
    #[schema(value_type = Object)]
    #[garde(custom(small_object))]
    pub(crate) metadata: Value,
    /// How many there are to begin with.
    #[serde(default)]
    #[garde(range(min = 0, max = 1_000_000))]
    pub(crate) initial_stock: i64,
}

/// A picture of a product.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "url": "https://res.cloudinary.com/shop/image/upload/lace.jpg", "alt": "Gold lace", "type": "thumbnail" }))]
pub(crate) struct ImageInput {
    /// From one of the shop's picture hosts.
    #[garde(length(chars, min = 1, max = 2000))]
    pub(crate) url: String,
    /// What it shows, in words.
    #[serde(default)]
    #[garde(length(chars, max = 200))]
    pub(crate) alt: String,
    /// `gallery` or `thumbnail`.
    #[serde(default, rename = "type")]
    #[garde(skip)]
    pub(crate) kind: ImageKind,
}

/// What a picture is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ImageKind {
    /// One of many.
    #[default]
    Gallery,
    /// The one to show the product by.
    Thumbnail,
}

/// How large something is, in millimetres.
#[derive(Debug, Clone, Copy, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SizeInput {
    #[garde(range(min = 1, max = 100_000))]
    pub(crate) length: i32,
    #[garde(range(min = 1, max = 100_000))]
    pub(crate) width: i32,
    #[garde(range(min = 1, max = 100_000))]
    pub(crate) height: i32,
}

impl From<VariantInput> for NewVariant {
    fn from(input: VariantInput) -> Self {
        Self {
            sku: input.sku,
            name: input.name,
            price_delta: input.price_delta,
            options: input.options,
            metadata: input.metadata,
            initial_stock: input.initial_stock,
        }
    }
}

impl From<SizeInput> for Dimensions {
    fn from(input: SizeInput) -> Self {
        Self {
            length: input.length,
            width: input.width,
            height: input.height,
        }
    }
}

/// Pictures from hosts that the shop trusts: a page that shows a product must not load anything from anywhere.
pub(crate) fn images(inputs: Vec<ImageInput>, hosts: &[String]) -> Result<Vec<NewImage>, ApiError> {
    let inputs = inputs.into_iter().enumerate();
    inputs
        .map(|(at, input)| image(input, hosts, &format!("images.{at}.url")))
        .collect()
}

/// One picture.
pub(crate) fn image(
    input: ImageInput,
    hosts: &[String],
    field: &str,
) -> Result<NewImage, ApiError> {
    let url = Url::parse(&input.url).ok().filter(|url| {
        let is_web = matches!(url.scheme(), "https" | "http");
        let host = url.host_str();
        is_web && host.is_some_and(|host| hosts.iter().any(|one| one == host))
    });
    let url = url.ok_or_else(|| {
        ApiError::invalid(field, "must be a URL on one of the shop's picture hosts")
    })?;
    Ok(NewImage {
        asset_id: None::<Uuid>,
        url: url.into(),
        alt: input.alt,
        is_thumbnail: input.kind == ImageKind::Thumbnail,
    })
}

/// Tags in small letters, each once, in their order.
pub(crate) fn tags(inputs: Vec<String>) -> Vec<String> {
    let mut tags: Vec<String> = Vec::with_capacity(inputs.len());
    for tag in inputs {
        let tag = tag.trim().to_lowercase();
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

/// What staff writes on shelves and invoices: visible, and no blanks at its ends.
pub(crate) fn check_sku(sku: &str, _: &()) -> garde::Result {
    let is_plain = !sku.chars().any(char::is_control) && sku.trim() == sku;
    if is_plain && (1..=64).contains(&sku.chars().count()) {
        Ok(())
    } else {
        Err(garde::Error::new("must be 1 to 64 visible characters"))
    }
}

/// A name that people read.
pub(crate) fn check_title(title: &str, _: &()) -> garde::Result {
    let length = title.trim().chars().count();
    if (1..=200).contains(&length) && !title.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(garde::Error::new("must be 1 to 200 characters"))
    }
}

/// One tag.
pub(crate) fn check_tag(tag: &str, _: &()) -> garde::Result {
    let length = tag.trim().chars().count();
    if (1..=50).contains(&length) && !tag.contains(',') && !tag.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(garde::Error::new(
            "must be 1 to 50 characters without a comma",
        ))
    }
}

/// As many pictures as a product may have.
pub(crate) fn check_count(images: &Option<Vec<ImageInput>>, _: &()) -> garde::Result {
    if images
        .as_ref()
        .is_some_and(|images| images.len() > IMAGES_MAX)
    {
        return Err(garde::Error::new("must be at most 20"));
    }
    Ok(())
}

/// An object of moderate size.
pub(crate) fn small_object(value: &Value, _: &()) -> garde::Result {
    if !value.is_object() {
        return Err(garde::Error::new("must be an object"));
    }
    if value.to_string().len() > METADATA_BYTES_MAX {
        return Err(garde::Error::new("must be at most 16 KiB"));
    }
    Ok(())
}

pub(crate) fn empty() -> Value {
    json!({})
}

pub(crate) fn yes() -> bool {
    true
}

pub(crate) fn naira() -> Currency {
    Currency::Ngn
}

/// Tells `null` from absent: the outer `Some` says that the field was there.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// A price filter: a decimal text.
pub(crate) fn price(field: &str, text: &str) -> Result<Amount, ApiError> {
    text.parse()
        .map_err(|error: money::AmountError| ApiError::invalid(field, error.to_string()))
}
