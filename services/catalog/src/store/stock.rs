//! What is available, as inventory last said.

use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

/// A number that inventory said, and in which of its versions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SaidStock {
    pub(crate) variant: Uuid,
    pub(crate) available: i64,
    pub(crate) version: i64,
}

/// Takes over what is newer than what is known; each variant stands in `said` once.
/// Belongs in a transaction. Answers how many were. The products' sums
/// follow in the same statement.
pub(crate) async fn take_over(
    conn: &mut AsyncPgConnection,
    said: &[SaidStock],
) -> QueryResult<usize> {
    let variants: Vec<Uuid> = said.iter().map(|one| one.variant).collect();
    let available: Vec<i64> = said.iter().map(|one| one.available).collect();
    let versions: Vec<i64> = said.iter().map(|one| one.version).collect();
    // Products first and in the order of their ids, as everybody holds them; what is known is read only then.
    Statement::new(
        "SELECT id FROM products
         WHERE id IN (SELECT product_id FROM variants WHERE id = ANY(?))
         ORDER BY id FOR NO KEY UPDATE",
    )
    .bind_ids(variants.clone())
    .execute(conn)
    .await?;
    Statement::new(
        "WITH said AS (
             SELECT * FROM unnest(?, ?, ?) AS t (variant_id, available, version)
         ), changed AS (
             UPDATE variants v SET available = said.available, stock_version = said.version
             FROM said, variants before
             WHERE v.id = said.variant_id AND before.id = v.id AND v.stock_version < said.version
             RETURNING v.product_id, v.available - before.available AS more
         ), sums AS (
             SELECT product_id, sum(more)::bigint AS more FROM changed GROUP BY product_id
         ), summed AS (
             UPDATE products p SET available = p.available + sums.more
             FROM sums WHERE p.id = sums.product_id AND sums.more <> 0
             RETURNING 1
         )
         SELECT count(*) AS number FROM changed",
    )
    .bind::<Array<SqlUuid>, _>(variants)
    .bind::<Array<BigInt>, _>(available)
    .bind::<Array<BigInt>, _>(versions)
    .get_result::<Number>(conn)
    .await
    .map(|counted| usize::try_from(counted.number).unwrap_or_default())
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}
