//! Stock items as staff and the catalogue see them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use common::paging::{self, Page};
use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::inventory::stock_items;
use crate::domain::ids::VariantId;

/// A stock item as it is shown.
#[derive(Debug, Clone, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = stock_items)]
pub(crate) struct ItemRow {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) variant_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub(crate) product_id: Uuid,
    #[diesel(sql_type = Text)]
    pub(crate) sku: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) on_hand: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) reserved: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) low_stock_threshold: i64,
    #[diesel(sql_type = Bool)]
    pub(crate) is_active: bool,
    #[diesel(sql_type = BigInt)]
    pub(crate) version: i64,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) updated_at: DateTime<Utc>,
}

/// Which items to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct ItemFilter {
    /// Only SKUs that begin with this, in any case.
    pub(crate) begins_with: Option<String>,
    /// Only what has come down to its threshold.
    pub(crate) is_low: bool,
}

// What tells how many there are; the first needs no more of the table than an index.
const ALL: &str = "SELECT 1 FROM stock_items ORDER BY variant_id";
const MATCHING: &str = "SELECT 1 FROM stock_items WHERE lower(sku) >= ? AND lower(sku) < ?
     ORDER BY lower(sku), variant_id";
const LOW: &str = "SELECT 1 FROM stock_items WHERE lower(sku) >= ? AND lower(sku) < ? AND is_low
     ORDER BY lower(sku), variant_id";
const LIST: &str =
    "SELECT variant_id, product_id, sku, on_hand, reserved, low_stock_threshold, is_active,
         version, updated_at
     FROM stock_items WHERE lower(sku) >= ? AND lower(sku) < ?
     ORDER BY lower(sku), variant_id LIMIT ? OFFSET ?";
const LIST_LOW: &str =
    "SELECT variant_id, product_id, sku, on_hand, reserved, low_stock_threshold, is_active,
         version, updated_at
     FROM stock_items WHERE lower(sku) >= ? AND lower(sku) < ? AND is_low
     ORDER BY lower(sku), variant_id LIMIT ? OFFSET ?";

/// One page of items by SKU, and how many there are in all.
pub(crate) async fn list(
    conn: &mut AsyncPgConnection,
    filter: &ItemFilter,
    page: Page,
) -> QueryResult<(Vec<ItemRow>, i64)> {
    let prefix = filter.begins_with.as_deref();
    let (all, list) = match (filter.is_low, prefix) {
        (true, _) => (between(Statement::new(LOW), prefix), LIST_LOW),
        (false, Some(_)) => (between(Statement::new(MATCHING), prefix), LIST),
        (false, None) => (Statement::new(ALL), LIST),
    };
    let total = paging::count(conn, all).await?;
    let rows = between(Statement::new(list), prefix)
        .bind::<BigInt, _>(page.rows())
        .bind::<BigInt, _>(page.offset())
        .load(conn)
        .await?;
    Ok((rows, total))
}

/// Binds what SKUs that begin with `prefix` lie between, as they are compared byte by byte. Bounds and no pattern: a plan that is
/// kept for any value can use an index for them.
fn between(statement: Statement, prefix: Option<&str>) -> Statement {
    // As `lower` does under the column's collation.
    let from = prefix.unwrap_or_default().to_ascii_lowercase();
    let to = format!("{from}{}", char::MAX);
    statement.bind::<Text, _>(from).bind::<Text, _>(to)
}

/// One item.
pub(crate) async fn find(
    conn: &mut AsyncPgConnection,
    variant: VariantId,
) -> QueryResult<Option<ItemRow>> {
    stock_items::table
        .find(variant.0)
        .select(ItemRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// A variant as the catalogue tells of it.
#[derive(Debug, Clone)]
pub(crate) struct NewItem {
    pub(crate) variant: VariantId,
    pub(crate) product_id: Uuid,
    pub(crate) sku: String,
    pub(crate) is_active: bool,
    pub(crate) on_hand: i64,
    pub(crate) low_stock_threshold: i64,
    pub(crate) catalog_version: i64,
}

/// Adds a variant; `false` if it is known already.
pub(crate) async fn insert(conn: &mut AsyncPgConnection, item: &NewItem) -> QueryResult<bool> {
    const SQL: &str = "INSERT INTO stock_items
             (variant_id, product_id, sku, is_active, on_hand, low_stock_threshold, catalog_version)
         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (variant_id) DO NOTHING";
    Ok(Statement::new(SQL)
        .bind::<SqlUuid, _>(item.variant.0)
        .bind::<SqlUuid, _>(item.product_id)
        .bind::<Text, _>(item.sku.clone())
        .bind::<Bool, _>(item.is_active)
        .bind::<BigInt, _>(item.on_hand)
        .bind::<BigInt, _>(item.low_stock_threshold)
        .bind::<BigInt, _>(item.catalog_version)
        .execute(conn)
        .await?
        == 1)
}

/// Notes what the catalogue says now; `false` if something newer is known, or nothing at all.
pub(crate) async fn describe(
    conn: &mut AsyncPgConnection,
    variant: VariantId,
    sku: Option<String>,
    is_active: bool,
    catalog_version: i64,
) -> QueryResult<bool> {
    const SQL: &str =
        "UPDATE stock_items SET sku = coalesce(?, sku), is_active = ?, catalog_version = ?,
             version = version + 1, updated_at = clock_timestamp()
         WHERE variant_id = ? AND catalog_version < ?";
    Ok(Statement::new(SQL)
        .bind::<Nullable<Text>, _>(sku)
        .bind::<Bool, _>(is_active)
        .bind::<BigInt, _>(catalog_version)
        .bind::<SqlUuid, _>(variant.0)
        .bind::<BigInt, _>(catalog_version)
        .execute(conn)
        .await?
        == 1)
}

/// Sets the numbers from which on stock counts as low, of rows that the transaction has locked.
pub(crate) async fn set_thresholds(
    conn: &mut AsyncPgConnection,
    thresholds: &[(VariantId, i64)],
) -> QueryResult<()> {
    const SQL: &str = "UPDATE stock_items s SET low_stock_threshold = t.threshold,
             version = s.version + 1, updated_at = clock_timestamp()
         FROM unnest(?, ?) AS t (variant_id, threshold) WHERE s.variant_id = t.variant_id";
    let (variants, numbers): (Vec<Uuid>, Vec<i64>) = thresholds
        .iter()
        .map(|(variant, number)| (variant.0, *number))
        .unzip();
    Statement::new(SQL)
        .bind::<Array<SqlUuid>, _>(variants)
        .bind::<Array<BigInt>, _>(numbers)
        .execute(conn)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = SqlUuid)]
    variant_id: Uuid,
    #[diesel(sql_type = Text)]
    sku: String,
}

/// Which variants have these SKUs. The catalogue has each once, but a swap of two reaches this service one by one.
pub(crate) async fn by_skus(
    conn: &mut AsyncPgConnection,
    skus: Vec<String>,
) -> QueryResult<HashMap<String, Vec<VariantId>>> {
    // The first condition is for the index.
    const SQL: &str = "SELECT variant_id, sku FROM stock_items
         WHERE lower(sku) = ANY(?) AND sku = ANY(?)";
    if skus.is_empty() {
        return Ok(HashMap::new());
    }
    let lower = skus.iter().map(|sku| sku.to_ascii_lowercase());
    let rows: Vec<Named> = Statement::new(SQL)
        .bind::<Array<Text>, Vec<_>>(lower.collect())
        .bind::<Array<Text>, _>(skus)
        .load(conn)
        .await?;
    let mut found: HashMap<String, Vec<VariantId>> = HashMap::new();
    for row in rows {
        let variants = found.entry(row.sku).or_default();
        variants.push(VariantId(row.variant_id));
    }
    Ok(found)
}

/// How much there is of everything.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct Figures {
    #[diesel(sql_type = BigInt)]
    pub(crate) items: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) active_items: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) on_hand: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) reserved: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) low: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) out: i64,
}

/// Counts in one pass over the whole table, which takes the longer the more items there are. An
/// index that answers this would have to be written with each reservation, which costs every buyer something; staff asks
/// seldom.
pub(crate) async fn figures(conn: &mut AsyncPgConnection) -> QueryResult<Figures> {
    const SQL: &str = "SELECT count(*) AS items, count(*) FILTER (WHERE is_active) AS active_items,
             coalesce(sum(on_hand), 0)::bigint AS on_hand, coalesce(sum(reserved), 0)::bigint AS reserved,
             count(*) FILTER (WHERE is_low) AS low, count(*) FILTER (WHERE on_hand = reserved) AS out
         FROM stock_items";
    Statement::new(SQL).get_result(conn).await
}
