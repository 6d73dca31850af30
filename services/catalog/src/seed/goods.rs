//! The few goods of a new shop. Repeating it changes nothing, also where staff has changed them since.

use bigdecimal::BigDecimal;
use chrono::{DateTime, TimeDelta, Utc};
use common::Clock as _;
use common::clock::SystemClock;
use common::database::Database;
use common::ids;
use diesel::prelude::*;
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl};
use seed_data::{CATEGORIES, GOODS, Product};
use serde_json::{Map, Value, json};

use crate::config::Settings;
use crate::store::categories::CategoryRow;
use crate::store::images::ImageRow;
use crate::store::products::ProductRow;
use crate::store::schema::catalog::{categories, images, products, variants};
use crate::store::variants::VariantRow;

pub(super) async fn seed(settings: &Settings) -> anyhow::Result<()> {
    let db = Database::connect_patiently(&settings.service.database);
    let mut conn = db.get().await?;
    let now = SystemClock.now();
    conn.transaction(async |conn| {
        shelves(conn, now).await?;
        for (product, place) in GOODS.iter().zip(0..) {
            // The first of them is the newest.
            put(conn, settings, product, now - TimeDelta::minutes(place)).await?;
        }
        Ok::<_, anyhow::Error>(())
    })
    .await
}

async fn shelves(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<()> {
    let id_of = |slug: &str| {
        let found = CATEGORIES.iter().find(|category| category.slug == slug);
        found.map(seed_data::Category::id)
    };
    for (category, position) in CATEGORIES.iter().zip(0..) {
        let row = CategoryRow {
            id: category.id(),
            parent_id: category.parent.and_then(id_of),
            slug: category.slug.to_owned(),
            name: category.name.to_owned(),
            description: None,
            position,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        diesel::insert_into(categories::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
    }
    Ok(())
}

async fn put(
    conn: &mut AsyncPgConnection,
    settings: &Settings,
    product: &Product,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let category = categories::table
        .filter(categories::slug.eq(product.category))
        .select(categories::id)
        .first(conn)
        .await
        .optional()?;
    let skus: Vec<&str> = product.variants.iter().map(|variant| variant.sku).collect();
    let row = ProductRow {
        id: product.id(),
        sku: product.sku.to_owned(),
        slug: product.slug.to_owned(),
        title: product.title.to_owned(),
        short_description: product.short_description.to_owned(),
        description: product.description.to_owned(),
        price: BigDecimal::new(product.price_minor.into(), 2),
        currency: "NGN".to_owned(),
        weight_grams: i32::try_from(product.weight_grams).ok(),
        length_mm: None,
        width_mm: None,
        height_mm: None,
        category_id: category,
        tags: product
            .tags
            .iter()
            .map(|tag| Some((*tag).to_owned()))
            .collect(),
        is_active: true,
        is_featured: product.is_featured,
        metadata: json!({}),
        version: 1,
        created_at: now,
        updated_at: now,
        deleted_at: None,
        variant_skus: skus.join(" "),
    };
    let inserted = diesel::insert_into(products::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    if inserted == 0 {
        return Ok(());
    }
    diesel::insert_into(variants::table)
        .values(variant_rows(product, now))
        .execute(conn)
        .await?;
    let base = settings.seed_images.as_str().trim_end_matches('/');
    let image = ImageRow {
        id: ids::new_id(),
        product_id: product.id(),
        asset_id: None,
        url: format!("{base}/{}.svg", product.slug),
        alt: product.title.to_owned(),
        kind: "thumbnail".to_owned(),
        position: 0,
    };
    diesel::insert_into(images::table)
        .values(image)
        .execute(conn)
        .await?;
    // What inventory will say, too; so the first look at the shop does not find it empty.
    let stock: i64 = product.variants.iter().map(|variant| variant.stock).sum();
    diesel::update(products::table.find(product.id()))
        .set(products::available.eq(stock))
        .execute(conn)
        .await?;
    for variant in product.variants {
        diesel::update(variants::table.find(variant.id()))
            .set(variants::available.eq(variant.stock))
            .execute(conn)
            .await?;
    }
    Ok(())
}

fn variant_rows(product: &Product, now: DateTime<Utc>) -> Vec<VariantRow> {
    let rows = product.variants.iter().zip(0..).map(|(variant, position)| {
        let options: Map<String, Value> = variant
            .options
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        VariantRow {
            id: variant.id(),
            product_id: product.id(),
            sku: variant.sku.to_owned(),
            name: Some(variant.name.to_owned()),
            price_delta: BigDecimal::new(variant.delta_minor.into(), 2),
            options: Value::Object(options),
            metadata: json!({}),
            position,
            version: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    });
    rows.collect()
}
