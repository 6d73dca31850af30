//! What other services need to know of variants, in one statement.

use bigdecimal::BigDecimal;
use common::statement::Statement;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::domain::ids::{ProductId, VariantId};

/// A variant with what it has from its product.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct FoundVariant {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub(crate) variant_id: Uuid,
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub(crate) product_id: Uuid,
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub(crate) sku: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub(crate) title: String,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    pub(crate) name: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub(crate) slug: String,
    #[diesel(sql_type = diesel::sql_types::Numeric)]
    pub(crate) price: BigDecimal,
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub(crate) currency: String,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Integer>)]
    pub(crate) weight_grams: Option<i32>,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    pub(crate) is_active: bool,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub(crate) available: i64,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    pub(crate) thumbnail: Option<String>,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub(crate) variant_count: i64,
}

const OF_VARIANTS: &str = "v.id = ANY(?)";
const OF_PRODUCTS: &str = "v.product_id = ANY(?) AND v.deleted_at IS NULL AND p.deleted_at IS NULL";

/// Variants by their own ids and by those of their products. What is deleted is found by its own id only, and inactive:
/// whoever still has it in a cart can be told what it was.
pub(crate) async fn find(
    conn: &mut AsyncPgConnection,
    variants: &[VariantId],
    products: &[ProductId],
) -> QueryResult<Vec<FoundVariant>> {
    let variants: Vec<Uuid> = variants.iter().map(|id| id.0).collect();
    let products: Vec<Uuid> = products.iter().map(|id| id.0).collect();
    let statement = Statement::new(
        "SELECT v.id AS variant_id, p.id AS product_id, v.sku, p.title, v.name, p.slug,
                p.price + v.price_delta AS price, p.currency::text AS currency, p.weight_grams,
                p.is_active AND p.deleted_at IS NULL AND v.deleted_at IS NULL AS is_active,
                v.available,
                (SELECT i.url FROM images i WHERE i.product_id = p.id
                 ORDER BY i.kind <> 'thumbnail', i.position, i.id LIMIT 1) AS thumbnail,
                (SELECT count(*) FROM variants s
                 WHERE s.product_id = p.id AND s.deleted_at IS NULL) AS variant_count
         FROM variants v
         JOIN products p ON p.id = v.product_id WHERE ",
    );
    // Whoever prices an order asks by variants only; then the plan has nothing but their keys to follow.
    let statement = match (variants.is_empty(), products.is_empty()) {
        (_, true) => statement.say(OF_VARIANTS).bind_ids(variants),
        (true, false) => statement.say(OF_PRODUCTS).bind_ids(products),
        (false, false) => statement
            .say(&format!("{OF_VARIANTS} OR {OF_PRODUCTS}"))
            .bind_ids(variants)
            .bind_ids(products),
    };
    statement
        .say(" ORDER BY v.product_id, v.position, v.id")
        .load(conn)
        .await
}
