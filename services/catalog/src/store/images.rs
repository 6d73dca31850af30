//! Pictures of products: where they are, not what they show.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::catalog::images;
use crate::domain::ids::ProductId;

/// A picture.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = images)]
pub(crate) struct ImageRow {
    pub(crate) id: Uuid,
    pub(crate) product_id: Uuid,
    pub(crate) asset_id: Option<Uuid>,
    pub(crate) url: String,
    pub(crate) alt: String,
    pub(crate) kind: String,
    pub(crate) position: i32,
}

/// The pictures of some products, each product's in its order.
pub(crate) async fn of(
    conn: &mut AsyncPgConnection,
    products: &[Uuid],
) -> QueryResult<Vec<ImageRow>> {
    images::table
        .filter(images::product_id.eq_any(products))
        .order((images::product_id, images::position, images::id))
        .select(ImageRow::as_select())
        .load(conn)
        .await
}

/// Adds pictures.
pub(crate) async fn insert(conn: &mut AsyncPgConnection, rows: &[ImageRow]) -> QueryResult<()> {
    diesel::insert_into(images::table)
        .values(rows)
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes all pictures of a product away.
pub(crate) async fn delete_of(conn: &mut AsyncPgConnection, product: ProductId) -> QueryResult<()> {
    diesel::delete(images::table.filter(images::product_id.eq(product.0)))
        .execute(conn)
        .await?;
    Ok(())
}
