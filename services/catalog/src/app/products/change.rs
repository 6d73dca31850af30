//! Another price, another text, or gone.

use common::auth::CurrentUser;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::catalog::{ProductDeleted, ProductUpdated, VariantDeleted};
use money::{Amount, Currency};
use serde_json::{Value, json};
use uuid::Uuid;

use super::create::{Dimensions, NewImage};
use super::{category_error, check_version, image_rows, money_of, variant_updated};
use crate::app::Error;
use crate::app::find::{self, ProductView};
use crate::domain::ids::ProductId;
use crate::domain::{pricing, slug};
use crate::startup::AppState;
use crate::store::images;
use crate::store::products::{self, ProductRow};
use crate::store::variants;
use messaging::Trail;

/// What of a product is to be another. What is absent stays; the inner `None` takes a value away.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProductChange {
    pub(crate) sku: Option<String>,
    pub(crate) slug: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) short_description: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) price: Option<Amount>,
    pub(crate) currency: Option<Currency>,
    pub(crate) weight_grams: Option<Option<i32>>,
    pub(crate) dimensions: Option<Option<Dimensions>>,
    pub(crate) category_id: Option<Option<Uuid>>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) is_active: Option<bool>,
    pub(crate) is_featured: Option<bool>,
    pub(crate) metadata: Option<Value>,
    /// All its pictures anew.
    pub(crate) images: Option<Vec<NewImage>>,
    pub(crate) version: Option<i64>,
}

/// Changes a product. Its variants are told of, too, when what they cost or whether they can be bought is another.
pub(crate) async fn change_product(
    state: &AppState,
    caller: &CurrentUser,
    id: ProductId,
    change: ProductChange,
) -> Result<ProductView, Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    let changed = conn
        .transaction(async |conn| {
            let before = products::lock(conn, id)
                .await?
                .ok_or(Error::NotFound("product"))?;
            check_version(change.version, before.version)?;
            let mut after = apply(&before, &change)?;
            after.version += 1;
            after.updated_at = trail.now();
            let updated = products::update(conn, &after).await;
            updated.map_err(|error| category_error(error, after.category_id))?;
            if let Some(wanted) = &change.images {
                replace_images(conn, id, wanted).await?;
            }
            tell_of_variants(conn, &trail, &before, &after).await?;
            let told = ProductUpdated {
                product_id: after.id,
                is_active: after.is_active,
                category_id: after.category_id,
            };
            trail.event(conn, &told, after.version).await?;
            let facts = json!({
                "version": after.version,
                "price": { "from": before.price.to_string(), "to": after.price.to_string() },
                "isActive": after.is_active,
            });
            let entity = ("product", after.id.to_string());
            trail
                .audit(conn, caller, "product.changed", entity, facts)
                .await?;
            find::view_of(conn, &after.id.to_string(), true).await
        })
        .await;
    drop(conn);
    state.answers.after(changed).await
}

/// Takes a product out of the shop. Its row stays, as orders speak of it.
pub(crate) async fn delete_product(
    state: &AppState,
    caller: &CurrentUser,
    id: ProductId,
    version: Option<i64>,
) -> Result<(), Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    let changed = conn
        .transaction(async |conn| {
            let mut row = products::lock(conn, id)
                .await?
                .ok_or(Error::NotFound("product"))?;
            check_version(version, row.version)?;
            for mut variant in variants::of(conn, id).await? {
                variant.deleted_at = Some(trail.now());
                variant.version += 1;
                variants::update(conn, &variant).await?;
                let told = VariantDeleted {
                    variant_id: variant.id,
                    product_id: row.id,
                };
                trail.event(conn, &told, variant.version).await?;
            }
            row.deleted_at = Some(trail.now());
            row.version += 1;
            products::update(conn, &row).await?;
            trail
                .event(conn, &ProductDeleted { product_id: row.id }, row.version)
                .await?;
            let entity = ("product", row.id.to_string());
            let facts = json!({ "sku": row.sku });
            Ok(trail
                .audit(conn, caller, "product.deleted", entity, facts)
                .await?)
        })
        .await;
    drop(conn);
    state.answers.after(changed).await
}

/// The product as a change makes it; its version and time are left.
pub(crate) fn apply(before: &ProductRow, change: &ProductChange) -> Result<ProductRow, Error> {
    let mut row = before.clone();
    if let Some(chosen) = &change.slug {
        let chosen = slug::parse(chosen).map_err(|error| Error::invalid("slug", &error))?;
        row.slug = chosen.to_owned();
    }
    let own = money_of(before)?;
    let currency = change.currency.unwrap_or(own.currency());
    let amount =
        Amount::try_from_minor(own.minor()).map_err(|error| Error::Bug(error.to_string()))?;
    let price = pricing::check_price(change.price.unwrap_or(amount), currency);
    let price = price.map_err(|error| Error::invalid("price", &error))?;
    row.price = price
        .to_decimal()
        .map_err(|error| Error::invalid("price", &error))?;
    row.currency = currency.code().to_owned();
    let take = |field: &mut String, text: &Option<String>| {
        if let Some(text) = text {
            field.clone_from(text);
        }
    };
    take(&mut row.sku, &change.sku);
    take(&mut row.title, &change.title);
    take(&mut row.short_description, &change.short_description);
    take(&mut row.description, &change.description);
    row.weight_grams = change.weight_grams.unwrap_or(row.weight_grams);
    if let Some(size) = change.dimensions {
        row.length_mm = size.map(|size| size.length);
        row.width_mm = size.map(|size| size.width);
        row.height_mm = size.map(|size| size.height);
    }
    row.category_id = change.category_id.unwrap_or(row.category_id);
    if let Some(tags) = &change.tags {
        row.tags = tags.iter().cloned().map(Some).collect();
    }
    row.is_active = change.is_active.unwrap_or(row.is_active);
    row.is_featured = change.is_featured.unwrap_or(row.is_featured);
    if let Some(metadata) = &change.metadata {
        row.metadata = metadata.clone();
    }
    Ok(row)
}

/// Whether a change of a product is one of its variants, too.
pub(crate) fn told_of(before: &ProductRow, after: &ProductRow) -> bool {
    before.price != after.price
        || before.currency != after.currency
        || before.is_active != after.is_active
}

async fn tell_of_variants(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    before: &ProductRow,
    after: &ProductRow,
) -> Result<(), Error> {
    if !told_of(before, after) {
        return Ok(());
    }
    for mut variant in variants::of(conn, ProductId(after.id)).await? {
        // Also finds a variant that would cost less than nothing now.
        let told = variant_updated(after, &variant)?;
        variant.version += 1;
        variant.updated_at = trail.now();
        variants::update(conn, &variant).await?;
        trail.event(conn, &told, variant.version).await?;
    }
    Ok(())
}

async fn replace_images(
    conn: &mut AsyncPgConnection,
    product: ProductId,
    wanted: &[NewImage],
) -> Result<(), Error> {
    images::delete_of(conn, product).await?;
    Ok(images::insert(conn, &image_rows(product.0, wanted)).await?)
}
