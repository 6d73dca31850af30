//! Products.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::schema::catalog::products;
use crate::domain::ids::ProductId;

/// A product.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = products, treat_none_as_null = true)]
pub(crate) struct ProductRow {
    pub(crate) id: Uuid,
    pub(crate) sku: String,
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) short_description: String,
    pub(crate) description: String,
    pub(crate) price: BigDecimal,
    pub(crate) currency: String,
    pub(crate) weight_grams: Option<i32>,
    pub(crate) length_mm: Option<i32>,
    pub(crate) width_mm: Option<i32>,
    pub(crate) height_mm: Option<i32>,
    pub(crate) category_id: Option<Uuid>,
    pub(crate) tags: Vec<Option<String>>,
    pub(crate) is_active: bool,
    pub(crate) is_featured: bool,
    pub(crate) metadata: Value,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) deleted_at: Option<DateTime<Utc>>,
    /// The SKUs of its variants, to be found by.
    pub(crate) variant_skus: String,
}

/// Holds a product that is not deleted.
pub(crate) async fn lock(
    conn: &mut AsyncPgConnection,
    product: ProductId,
) -> QueryResult<Option<ProductRow>> {
    products::table
        .find(product.0)
        .filter(products::deleted_at.is_null())
        .select(ProductRow::as_select())
        .for_no_key_update()
        .first(conn)
        .await
        .optional()
}

/// Holds those of the products with these SKUs that are not deleted.
pub(crate) async fn lock_by_skus(
    conn: &mut AsyncPgConnection,
    skus: &[&str],
) -> QueryResult<Vec<ProductRow>> {
    products::table
        .filter(products::sku.eq_any(skus))
        .filter(products::deleted_at.is_null())
        // In the order of ids, as everybody holds them.
        .order(products::id)
        .select(ProductRow::as_select())
        .for_no_key_update()
        .load(conn)
        .await
}

/// Some products after one in the order of ids, for reading them all.
pub(crate) async fn after(
    conn: &mut AsyncPgConnection,
    last: Uuid,
    rows_max: i64,
) -> QueryResult<Vec<ProductRow>> {
    products::table
        .filter(products::id.gt(last))
        .filter(products::deleted_at.is_null())
        .order(products::id)
        .limit(rows_max)
        .select(ProductRow::as_select())
        .load(conn)
        .await
}

/// Which of these slugs are taken.
pub(crate) async fn taken_slugs(
    conn: &mut AsyncPgConnection,
    slugs: &[String],
) -> QueryResult<Vec<String>> {
    products::table
        .filter(products::slug.eq_any(slugs))
        .filter(products::deleted_at.is_null())
        .select(products::slug)
        .load(conn)
        .await
}

/// Whether a slug is taken.
pub(crate) async fn has_slug(conn: &mut AsyncPgConnection, slug: &str) -> QueryResult<bool> {
    let taken = products::table
        .filter(products::slug.eq(slug))
        .filter(products::deleted_at.is_null());
    diesel::select(diesel::dsl::exists(taken))
        .get_result(conn)
        .await
}

/// Adds a product.
pub(crate) async fn insert(conn: &mut AsyncPgConnection, row: &ProductRow) -> QueryResult<()> {
    insert_all(conn, std::slice::from_ref(row)).await
}

/// Adds products.
pub(crate) async fn insert_all(
    conn: &mut AsyncPgConnection,
    rows: &[ProductRow],
) -> QueryResult<()> {
    diesel::insert_into(products::table)
        .values(rows)
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes a product back.
pub(crate) async fn update(conn: &mut AsyncPgConnection, row: &ProductRow) -> QueryResult<()> {
    diesel::update(products::table.find(row.id))
        .set(row)
        .execute(conn)
        .await?;
    Ok(())
}
