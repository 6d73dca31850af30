//! What people want to remember.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::catalog::{products, wishlist_items};
use crate::domain::ids::{ProductId, UserId};

/// One thing to remember.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = wishlist_items)]
pub(crate) struct WishRow {
    pub(crate) user_id: Uuid,
    pub(crate) product_id: Uuid,
    pub(crate) variant_id: Option<Uuid>,
    pub(crate) added_at: DateTime<Utc>,
}

/// A person's list, the newest first; what is deleted is left out.
pub(crate) async fn of(conn: &mut AsyncPgConnection, user: UserId) -> QueryResult<Vec<WishRow>> {
    wishlist_items::table
        .inner_join(products::table)
        .filter(wishlist_items::user_id.eq(user.0))
        .filter(products::deleted_at.is_null())
        .order((wishlist_items::added_at.desc(), wishlist_items::product_id))
        .select(WishRow::as_select())
        .load(conn)
        .await
}

/// How many things a person's list has.
pub(crate) async fn count(conn: &mut AsyncPgConnection, user: UserId) -> QueryResult<i64> {
    wishlist_items::table
        .filter(wishlist_items::user_id.eq(user.0))
        .count()
        .get_result(conn)
        .await
}

/// Whether a product is on the list.
pub(crate) async fn has(
    conn: &mut AsyncPgConnection,
    user: UserId,
    product: ProductId,
) -> QueryResult<bool> {
    let item = wishlist_items::table.find((user.0, product.0));
    diesel::select(diesel::dsl::exists(item))
        .get_result(conn)
        .await
}

/// Adds a thing, or keeps it with the variant that is wanted now.
pub(crate) async fn put(conn: &mut AsyncPgConnection, row: &WishRow) -> QueryResult<()> {
    diesel::insert_into(wishlist_items::table)
        .values(row)
        .on_conflict((wishlist_items::user_id, wishlist_items::product_id))
        .do_update()
        .set(wishlist_items::variant_id.eq(row.variant_id))
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes a thing off the list.
pub(crate) async fn remove(
    conn: &mut AsyncPgConnection,
    user: UserId,
    product: ProductId,
) -> QueryResult<()> {
    diesel::delete(wishlist_items::table.find((user.0, product.0)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Empties a list.
pub(crate) async fn clear(conn: &mut AsyncPgConnection, user: UserId) -> QueryResult<()> {
    diesel::delete(wishlist_items::table.filter(wishlist_items::user_id.eq(user.0)))
        .execute(conn)
        .await?;
    Ok(())
}
