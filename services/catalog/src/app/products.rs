//! Looking after products.

mod change;
mod create;

pub(crate) use change::{ProductChange, apply, change_product, delete_product, told_of};
pub(crate) use create::{
    Dimensions, NewImage, NewProduct, NewVariant, create_product, product_row, variant_rows,
};

use common::ids;
use events::catalog::{VariantCreated, VariantUpdated};
use money::{Currency, Money, SignedAmount};
use uuid::Uuid;

use super::Error;
use crate::domain::pricing;
use crate::store::images::ImageRow;
use crate::store::products::ProductRow;
use crate::store::variants::VariantRow;

/// Refuses a change that was made to another state than the present one.
pub(crate) fn check_version(seen: Option<i64>, current: i64) -> Result<(), Error> {
    match seen {
        Some(seen) if seen != current => Err(Error::VersionConflict { current }),
        _ => Ok(()),
    }
}

/// What a product costs.
pub(crate) fn money_of(row: &ProductRow) -> Result<Money, Error> {
    let bug = |error: &dyn std::fmt::Display| Error::Bug(format!("a stored price: {error}"));
    let currency: Currency = row.currency.parse().map_err(|error| bug(&error))?;
    Money::from_decimal(&row.price, currency).map_err(|error| bug(&error))
}

/// The difference that a variant makes.
pub(crate) fn delta_of(row: &VariantRow, currency: Currency) -> Result<SignedAmount, Error> {
    let money = Money::from_decimal(&row.price_delta, currency)
        .map_err(|error| Error::Bug(format!("a stored price: {error}")))?;
    Ok(SignedAmount::from_minor(money.minor()))
}

/// What is told of a new variant.
pub(crate) fn variant_created(
    product: &ProductRow,
    variant: &VariantRow,
    initial_stock: i64,
) -> Result<VariantCreated, Error> {
    let told = variant_updated(product, variant)?;
    Ok(VariantCreated {
        variant_id: told.variant_id,
        product_id: told.product_id,
        sku: told.sku,
        price: told.price,
        currency: told.currency,
        is_active: told.is_active,
        initial_stock,
    })
}

/// What is told of a variant that is another now.
pub(crate) fn variant_updated(
    product: &ProductRow,
    variant: &VariantRow,
) -> Result<VariantUpdated, Error> {
    let price = money_of(product)?;
    let delta = delta_of(variant, price.currency())?;
    let price_of = pricing::price_of(price, delta);
    Ok(VariantUpdated {
        variant_id: variant.id,
        product_id: product.id,
        sku: variant.sku.clone(),
        price: price_of.map_err(|error| Error::invalid("price", &error))?,
        currency: price.currency(),
        is_active: product.is_active,
    })
}

/// The SKUs that a product is found by beside its own.
pub(crate) fn skus_of(variants: &[VariantRow]) -> String {
    let skus: Vec<&str> = variants
        .iter()
        .map(|variant| variant.sku.as_str())
        .collect();
    skus.join(" ")
}

/// The pictures of a product, in their order.
pub(crate) fn image_rows(product: Uuid, images: &[NewImage]) -> Vec<ImageRow> {
    let rows = images.iter().zip(0..);
    rows.map(|(image, position)| image.row(product, position))
        .collect()
}

impl NewImage {
    /// The picture as it is stored.
    pub(crate) fn row(&self, product: Uuid, position: i32) -> ImageRow {
        ImageRow {
            id: ids::new_id(),
            product_id: product,
            asset_id: self.asset_id,
            url: self.url.clone(),
            alt: self.alt.clone(),
            kind: kind_of(self.is_thumbnail).to_owned(),
            position,
        }
    }
}

/// What a picture is for, as it is stored.
pub(crate) fn kind_of(is_thumbnail: bool) -> &'static str {
    if is_thumbnail { "thumbnail" } else { "gallery" }
}

/// Whether a category exists is known by the foreign key.
pub(crate) fn category_error(error: diesel::result::Error, category: Option<Uuid>) -> Error {
    use diesel::result::{DatabaseErrorKind, Error as DieselError};
    match &error {
        DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)
            if category.is_some() =>
        {
            Error::invalid("categoryId", "is no category")
        }
        _ => error.into(),
    }
}
