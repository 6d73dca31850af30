//! Products as they are shown: one, a page of them, and how many there are of what.

mod filter;
mod search;

pub(crate) use filter::{Filter, Position, Sort, SortKey};
pub(crate) use search::{Terms, count_matching, facets, highlights, search};

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use common::paging;
use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types as sql;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

const SHOWN: &str = "SELECT p.id, p.sku, p.slug, p.title, p.short_description, p.description, p.price, p.currency::text AS currency,
    p.weight_grams, p.length_mm, p.width_mm, p.height_mm, p.tags, p.is_active, p.is_featured, p.metadata,
    p.available, p.version, p.created_at, p.updated_at,
    c.id AS category_id, c.name AS category_name, c.slug AS category_slug
    FROM products p LEFT JOIN categories c ON c.id = p.category_id";
const ANY: &str = "SELECT 1 FROM products p";

fn shown() -> Statement {
    Statement::new(SHOWN)
}

/// A product with the name of its category.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct ShownProduct {
    #[diesel(sql_type = sql::Uuid)]
    pub(crate) id: Uuid,
    #[diesel(sql_type = sql::Text)]
    pub(crate) sku: String,
    #[diesel(sql_type = sql::Text)]
    pub(crate) slug: String,
    #[diesel(sql_type = sql::Text)]
    pub(crate) title: String,
    #[diesel(sql_type = sql::Text)]
    pub(crate) short_description: String,
    #[diesel(sql_type = sql::Text)]
    pub(crate) description: String,
    #[diesel(sql_type = sql::Numeric)]
    pub(crate) price: BigDecimal,
    #[diesel(sql_type = sql::Text)]
    pub(crate) currency: String,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    pub(crate) weight_grams: Option<i32>,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    pub(crate) length_mm: Option<i32>,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    pub(crate) width_mm: Option<i32>,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    pub(crate) height_mm: Option<i32>,
    #[diesel(sql_type = sql::Array<sql::Text>)]
    pub(crate) tags: Vec<String>,
    #[diesel(sql_type = sql::Bool)]
    pub(crate) is_active: bool,
    #[diesel(sql_type = sql::Bool)]
    pub(crate) is_featured: bool,
    #[diesel(sql_type = sql::Jsonb)]
    pub(crate) metadata: Value,
    #[diesel(sql_type = sql::BigInt)]
    pub(crate) available: i64,
    #[diesel(sql_type = sql::BigInt)]
    pub(crate) version: i64,
    #[diesel(sql_type = sql::Timestamptz)]
    pub(crate) created_at: DateTime<Utc>,
    #[diesel(sql_type = sql::Timestamptz)]
    pub(crate) updated_at: DateTime<Utc>,
    #[diesel(sql_type = sql::Nullable<sql::Uuid>)]
    pub(crate) category_id: Option<Uuid>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub(crate) category_name: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub(crate) category_slug: Option<String>,
}

/// One product by its id or slug; hidden ones only if asked for.
pub(crate) async fn find(
    conn: &mut AsyncPgConnection,
    id_or_slug: &str,
    with_hidden: bool,
) -> QueryResult<Option<ShownProduct>> {
    let id = id_or_slug.parse::<Uuid>().ok();
    let statement = shown().say(" WHERE p.deleted_at IS NULL AND ");
    let statement = match id {
        Some(id) => statement.say("p.id = ?").bind::<sql::Uuid, _>(id),
        None => statement
            .say("p.slug = ?")
            .bind::<sql::Text, _>(id_or_slug.to_owned()),
    };
    let hidden = if with_hidden { "" } else { " AND p.is_active" };
    statement.say(hidden).get_result(conn).await.optional()
}

/// Some products, in no order; only those that shoppers see.
pub(crate) async fn find_all(
    conn: &mut AsyncPgConnection,
    ids: &[Uuid],
) -> QueryResult<Vec<ShownProduct>> {
    shown()
        .say(" WHERE p.id = ANY(?) AND p.deleted_at IS NULL AND p.is_active")
        .bind::<sql::Array<sql::Uuid>, _>(ids.to_vec())
        .load(conn)
        .await
}

/// Others that may please who looks at a product: of its category, or with a tag of its.
pub(crate) async fn related(
    conn: &mut AsyncPgConnection,
    product: &ShownProduct,
    rows_max: i64,
) -> QueryResult<Vec<ShownProduct>> {
    // Each branch goes by its own index and stops early, so that neither a popular tag nor a rare one makes this slow: what is
    // materialized is planned as if all of it were wanted.
    Statement::new(
        "WITH it AS (SELECT ?::uuid AS id, ?::uuid AS category_id, ?::text[] AS tags), tagged AS MATERIALIZED (
             SELECT id, created_at FROM products
             WHERE tags && (SELECT tags FROM it) AND is_active AND deleted_at IS NULL AND id <> (SELECT id FROM it)
         ), near AS (
             (SELECT id, created_at, 1 AS closeness FROM products
              WHERE category_id = (SELECT category_id FROM it) AND is_active AND deleted_at IS NULL AND id <> (SELECT id FROM it)
              ORDER BY created_at DESC, id DESC LIMIT 50)
             UNION ALL
             (SELECT id, created_at, 2 AS closeness FROM tagged LIMIT 50)
         ), ranked AS (
             SELECT id, sum(closeness) AS closeness, max(created_at) AS created_at
             FROM near GROUP BY id ORDER BY 2 DESC, 3 DESC, 1 LIMIT ?
         ) ",
    )
    .bind::<sql::Uuid, _>(product.id)
    .bind::<sql::Nullable<sql::Uuid>, _>(product.category_id)
    .bind::<sql::Array<sql::Text>, _>(product.tags.clone())
    .bind::<sql::BigInt, _>(rows_max)
    .say(SHOWN)
    .say(" JOIN ranked r ON r.id = p.id ORDER BY r.closeness DESC, r.created_at DESC, r.id")
    .load(conn)
    .await
}

/// A page of products in an order, from a position or after some rows.
pub(crate) async fn list(
    conn: &mut AsyncPgConnection,
    filter: &Filter,
    sort: Sort,
    from: &Position,
    rows_max: i64,
) -> QueryResult<Vec<ShownProduct>> {
    let statement = from.add_to(filter.add_to(shown()), sort);
    let statement = statement
        .say(" ORDER BY ")
        .say(&sort.order())
        .say(" LIMIT ?")
        .bind::<sql::BigInt, _>(rows_max);
    let statement = match from {
        Position::Skip(rows) => statement.say(" OFFSET ?").bind::<sql::BigInt, _>(*rows),
        _ => statement,
    };
    statement.load(conn).await
}

/// How many products pass a filter, as lists are counted.
pub(crate) async fn count(conn: &mut AsyncPgConnection, filter: &Filter) -> QueryResult<i64> {
    paging::count(conn, filter.add_to(Statement::new(ANY))).await
}
