//! A new product.

use common::auth::CurrentUser;
use common::ids;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::catalog::ProductCreated;
use messaging::Trail;
use messaging::idempotency::Making;
use money::{Amount, Currency, SignedAmount};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{category_error, image_rows, skus_of, variant_created};
use crate::app::Error;
use crate::app::find::{self, ProductView};
use crate::domain::{pricing, slug};
use crate::startup::AppState;
use crate::store::images;
use crate::store::products::{self, ProductRow};
use crate::store::variants::{self, VariantRow};

/// What a product is to be.
#[derive(Debug, Clone)]
pub(crate) struct NewProduct {
    pub(crate) sku: String,
    pub(crate) slug: Option<String>,
    pub(crate) title: String,
    pub(crate) short_description: String,
    pub(crate) description: String,
    pub(crate) price: Amount,
    pub(crate) currency: Currency,
    pub(crate) weight_grams: Option<i32>,
    pub(crate) dimensions: Option<Dimensions>,
    pub(crate) category_id: Option<Uuid>,
    pub(crate) tags: Vec<String>,
    pub(crate) is_active: bool,
    pub(crate) is_featured: bool,
    pub(crate) metadata: Value,
    pub(crate) variants: Vec<NewVariant>,
    pub(crate) images: Vec<NewImage>,
}

/// How large it is, in millimetres.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dimensions {
    pub(crate) length: i32,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

/// What a variant is to be.
#[derive(Debug, Clone)]
pub(crate) struct NewVariant {
    pub(crate) sku: String,
    pub(crate) name: Option<String>,
    pub(crate) price_delta: SignedAmount,
    pub(crate) options: Value,
    pub(crate) metadata: Value,
    pub(crate) initial_stock: i64,
}

/// A picture.
#[derive(Debug, Clone)]
pub(crate) struct NewImage {
    pub(crate) asset_id: Option<Uuid>,
    pub(crate) url: String,
    pub(crate) alt: String,
    pub(crate) is_thumbnail: bool,
}

/// Makes a product with its variants; one without any gets one of its own name, so that stock and orders always speak of
/// variants.
pub(crate) async fn create_product(
    state: &AppState,
    caller: &CurrentUser,
    new: NewProduct,
    making: &Making<ProductView>,
) -> Result<ProductView, Error> {
    let trail = state.trail();
    let mut product = product_row(&new, making.id, &trail)?;
    let (stocks, rows) = variant_rows(&new, &product, &trail);
    product.variant_skus = skus_of(&rows);
    let images = image_rows(product.id, &new.images);
    let mut conn = state.db.get().await?;
    let changed = conn
        .transaction(async |conn| {
            product.slug = free_slug(conn, &new, &product).await?;
            let inserted = products::insert(conn, &product).await;
            inserted.map_err(|error| category_error(error, product.category_id))?;
            variants::insert(conn, &rows).await?;
            images::insert(conn, &images).await?;
            let told = ProductCreated {
                product_id: product.id,
                is_active: product.is_active,
                category_id: product.category_id,
            };
            trail.event(conn, &told, product.version).await?;
            for (row, initial_stock) in rows.iter().zip(&stocks) {
                let told = variant_created(&product, row, *initial_stock)?;
                trail.event(conn, &told, row.version).await?;
            }
            let facts = json!({ "sku": product.sku, "variants": rows.len() });
            let entity = ("product", product.id.to_string());
            trail
                .audit(conn, caller, "product.created", entity, facts)
                .await?;
            let view = find::view_of(conn, &product.id.to_string(), true).await?;
            making.settle(conn, &view).await?;
            Ok(view)
        })
        .await;
    drop(conn);
    state.answers.after(changed).await
}

/// A slug that was chosen is taken or free; one made from a title gets something behind it.
async fn free_slug(
    conn: &mut AsyncPgConnection,
    new: &NewProduct,
    product: &ProductRow,
) -> Result<String, Error> {
    if let Some(chosen) = &new.slug {
        let chosen = slug::parse(chosen).map_err(|error| Error::invalid("slug", &error))?;
        return Ok(chosen.to_owned());
    }
    let made = slug::of_title(&new.title);
    if products::has_slug(conn, &made).await? {
        return Ok(slug::made_unlike(&made, product.id));
    }
    Ok(made)
}

/// The product as it is stored, without its slug.
pub(crate) fn product_row(new: &NewProduct, id: Uuid, trail: &Trail) -> Result<ProductRow, Error> {
    let price = pricing::check_price(new.price, new.currency);
    let price = price.map_err(|error| Error::invalid("price", &error))?;
    for (at, variant) in new.variants.iter().enumerate() {
        pricing::price_of(price, variant.price_delta)
            .map_err(|error| Error::invalid(format!("variants.{at}.priceDelta"), &error))?;
    }
    Ok(ProductRow {
        id,
        sku: new.sku.clone(),
        slug: String::new(),
        title: new.title.clone(),
        short_description: new.short_description.clone(),
        description: new.description.clone(),
        price: price
            .to_decimal()
            .map_err(|error| Error::invalid("price", &error))?,
        currency: new.currency.code().to_owned(),
        weight_grams: new.weight_grams,
        length_mm: new.dimensions.map(|size| size.length),
        width_mm: new.dimensions.map(|size| size.width),
        height_mm: new.dimensions.map(|size| size.height),
        category_id: new.category_id,
        tags: new.tags.iter().cloned().map(Some).collect(),
        is_active: new.is_active,
        is_featured: new.is_featured,
        metadata: new.metadata.clone(),
        version: 1,
        created_at: trail.now(),
        updated_at: trail.now(),
        deleted_at: None,
        variant_skus: String::new(),
    })
}

/// Its variants as they are stored, and how many there are of each.
pub(crate) fn variant_rows(
    new: &NewProduct,
    product: &ProductRow,
    trail: &Trail,
) -> (Vec<i64>, Vec<VariantRow>) {
    let own = NewVariant {
        sku: product.sku.clone(),
        name: None,
        price_delta: SignedAmount::default(),
        options: json!({}),
        metadata: json!({}),
        initial_stock: 0,
    };
    let wanted = if new.variants.is_empty() {
        std::slice::from_ref(&own)
    } else {
        &new.variants
    };
    let rows = wanted
        .iter()
        .zip(0..)
        .map(|(variant, position)| VariantRow {
            id: ids::new_id(),
            product_id: product.id,
            sku: variant.sku.clone(),
            name: variant.name.clone(),
            price_delta: crate::app::variants::decimal(variant.price_delta),
            options: variant.options.clone(),
            metadata: variant.metadata.clone(),
            position,
            version: 1,
            created_at: trail.now(),
            updated_at: trail.now(),
            deleted_at: None,
        });
    let stocks = wanted.iter().map(|variant| variant.initial_stock).collect();
    (stocks, rows.collect())
}
