//! Variants of products.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::schema::catalog::variants;
use crate::domain::ids::ProductId;

/// A variant. What is available of it is written by `stock` alone.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = variants, treat_none_as_null = true)]
pub(crate) struct VariantRow {
    pub(crate) id: Uuid,
    pub(crate) product_id: Uuid,
    pub(crate) sku: String,
    pub(crate) name: Option<String>,
    pub(crate) price_delta: BigDecimal,
    pub(crate) options: Value,
    pub(crate) metadata: Value,
    pub(crate) position: i32,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) deleted_at: Option<DateTime<Utc>>,
}

/// A variant as it is shown.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = variants)]
pub(crate) struct ShownVariant {
    pub(crate) id: Uuid,
    pub(crate) product_id: Uuid,
    pub(crate) sku: String,
    pub(crate) name: Option<String>,
    pub(crate) price_delta: BigDecimal,
    pub(crate) options: Value,
    pub(crate) metadata: Value,
    pub(crate) available: i64,
}

/// The variants of some products, each product's in its order.
pub(crate) async fn shown_of(
    conn: &mut AsyncPgConnection,
    products: &[Uuid],
) -> QueryResult<Vec<ShownVariant>> {
    variants::table
        .filter(variants::product_id.eq_any(products))
        .filter(variants::deleted_at.is_null())
        .order((variants::product_id, variants::position, variants::id))
        .select(ShownVariant::as_select())
        .load(conn)
        .await
}

/// The variants of a product whose row is held.
pub(crate) async fn of(
    conn: &mut AsyncPgConnection,
    product: ProductId,
) -> QueryResult<Vec<VariantRow>> {
    of_all(conn, &[product.0]).await
}

/// The variants of some products, each product's in its order.
pub(crate) async fn of_all(
    conn: &mut AsyncPgConnection,
    products: &[Uuid],
) -> QueryResult<Vec<VariantRow>> {
    variants::table
        .filter(variants::product_id.eq_any(products))
        .filter(variants::deleted_at.is_null())
        .order((variants::product_id, variants::position, variants::id))
        .select(VariantRow::as_select())
        .load(conn)
        .await
}

/// Adds variants.
pub(crate) async fn insert(conn: &mut AsyncPgConnection, rows: &[VariantRow]) -> QueryResult<()> {
    diesel::insert_into(variants::table)
        .values(rows)
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes a variant back.
pub(crate) async fn update(conn: &mut AsyncPgConnection, row: &VariantRow) -> QueryResult<()> {
    diesel::update(variants::table.find(row.id))
        .set(row)
        .execute(conn)
        .await?;
    Ok(())
}
