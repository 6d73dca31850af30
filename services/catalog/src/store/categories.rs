//! The tree of categories.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::catalog::{categories, products};
use crate::domain::ids::CategoryId;

/// A category.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = categories, treat_none_as_null = true)]
pub(crate) struct CategoryRow {
    pub(crate) id: Uuid,
    pub(crate) parent_id: Option<Uuid>,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) position: i32,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// All categories, each level in its order. There are hundreds at most: a tree that people choose from.
pub(crate) async fn all(conn: &mut AsyncPgConnection) -> QueryResult<Vec<CategoryRow>> {
    categories::table
        .order((categories::position, categories::name, categories::id))
        .select(CategoryRow::as_select())
        .load(conn)
        .await
}

/// One category by its id or slug.
pub(crate) async fn find(
    conn: &mut AsyncPgConnection,
    id_or_slug: &str,
) -> QueryResult<Option<CategoryRow>> {
    let by_slug = categories::table
        .filter(categories::slug.eq(id_or_slug))
        .select(CategoryRow::as_select());
    match id_or_slug.parse::<Uuid>() {
        Ok(id) => {
            let by_id = categories::table.find(id).select(CategoryRow::as_select());
            by_id.first(conn).await.optional()
        }
        Err(_) => by_slug.first(conn).await.optional(),
    }
}

/// Holds the whole tree, so that two moves cannot make a cycle together.
pub(crate) async fn lock_tree(conn: &mut AsyncPgConnection) -> QueryResult<Vec<CategoryRow>> {
    categories::table
        .order(categories::id)
        .select(CategoryRow::as_select())
        .for_no_key_update()
        .load(conn)
        .await
}

/// Adds a category.
pub(crate) async fn insert(conn: &mut AsyncPgConnection, row: &CategoryRow) -> QueryResult<()> {
    diesel::insert_into(categories::table)
        .values(row)
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes a category back.
pub(crate) async fn update(conn: &mut AsyncPgConnection, row: &CategoryRow) -> QueryResult<()> {
    diesel::update(categories::table.find(row.id))
        .set(row)
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether anything is below a category or in it.
pub(crate) async fn is_in_use(
    conn: &mut AsyncPgConnection,
    category: CategoryId,
) -> QueryResult<bool> {
    let below = categories::table.filter(categories::parent_id.eq(category.0));
    let inside = products::table
        .filter(products::category_id.eq(category.0))
        .filter(products::deleted_at.is_null());
    let below: bool = diesel::select(diesel::dsl::exists(below))
        .get_result(conn)
        .await?;
    let inside: bool = diesel::select(diesel::dsl::exists(inside))
        .get_result(conn)
        .await?;
    Ok(below || inside)
}

/// Takes a category away; deleted products that were in it are in none.
pub(crate) async fn delete(conn: &mut AsyncPgConnection, category: CategoryId) -> QueryResult<()> {
    let deleted = products::table
        .filter(products::category_id.eq(category.0))
        .filter(products::deleted_at.is_not_null());
    diesel::update(deleted)
        .set(products::category_id.eq(None::<Uuid>))
        .execute(conn)
        .await?;
    diesel::delete(categories::table.find(category.0))
        .execute(conn)
        .await?;
    Ok(())
}
