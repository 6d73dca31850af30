//! Looking after the tree of categories.

use std::collections::HashMap;

use common::auth::CurrentUser;
use common::ids;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use serde_json::json;
use uuid::Uuid;

use super::Error;
use crate::domain::category::check_place;
use crate::domain::ids::CategoryId;
use crate::domain::slug;
use crate::startup::AppState;
use crate::store::categories::{self, CategoryRow};
use messaging::Trail;

/// As many as there may be: the tree is always shown whole.
const CATEGORIES_MAX: usize = 1_000;

/// What a category is to be.
#[derive(Debug, Clone)]
pub(crate) struct NewCategory {
    pub(crate) name: String,
    pub(crate) slug: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) parent_id: Option<Uuid>,
    pub(crate) position: i32,
}

/// What of a category is to be another. What is absent stays; the inner `None` takes a value away.
#[derive(Debug, Clone, Default)]
pub(crate) struct CategoryChange {
    pub(crate) name: Option<String>,
    pub(crate) slug: Option<String>,
    pub(crate) description: Option<Option<String>>,
    pub(crate) parent_id: Option<Option<Uuid>>,
    pub(crate) position: Option<i32>,
    pub(crate) version: Option<i64>,
}

/// All categories, each level in its order.
pub(crate) async fn list_categories(state: &AppState) -> Result<Vec<CategoryRow>, Error> {
    let mut conn = state.db.get().await?;
    Ok(categories::all(&mut conn).await?)
}

/// One category by its id or slug.
pub(crate) async fn get_category(state: &AppState, id_or_slug: &str) -> Result<CategoryRow, Error> {
    let mut conn = state.db.get().await?;
    let found = categories::find(&mut conn, id_or_slug).await?;
    found.ok_or(Error::NotFound("category"))
}

/// Adds a category.
pub(crate) async fn create_category(
    state: &AppState,
    caller: &CurrentUser,
    new: NewCategory,
) -> Result<CategoryRow, Error> {
    let trail = state.trail();
    let slug = match &new.slug {
        Some(slug) => checked(slug)?,
        None => slug::of_title(&new.name),
    };
    let row = CategoryRow {
        id: ids::new_id(),
        parent_id: new.parent_id,
        slug,
        name: new.name,
        description: new.description,
        position: new.position,
        version: 1,
        created_at: trail.now(),
        updated_at: trail.now(),
    };
    let mut conn = state.db.get().await?;
    let changed = conn
        .transaction(async |conn| {
            let tree = categories::lock_tree(conn).await?;
            if tree.len() >= CATEGORIES_MAX {
                return Err(Error::InvalidState("there are 1000 categories already"));
            }
            place(&row, &tree)?;
            categories::insert(conn, &row).await?;
            note(&trail, conn, caller, "category.created", &row).await?;
            Ok(row)
        })
        .await;
    drop(conn);
    state.answers.after(changed).await
}

/// Changes a category.
pub(crate) async fn change_category(
    state: &AppState,
    caller: &CurrentUser,
    id: CategoryId,
    change: CategoryChange,
) -> Result<CategoryRow, Error> {
    let trail = state.trail();
    let slug = change.slug.as_deref().map(checked).transpose()?;
    let mut conn = state.db.get().await?;
    let changed = conn
        .transaction(async |conn| {
            let tree = categories::lock_tree(conn).await?;
            let found = tree.iter().find(|row| row.id == id.0).cloned();
            let mut row = found.ok_or(Error::NotFound("category"))?;
            super::products::check_version(change.version, row.version)?;
            row.name = change.name.unwrap_or(row.name);
            row.slug = slug.unwrap_or(row.slug);
            row.description = change.description.unwrap_or(row.description);
            row.parent_id = change.parent_id.unwrap_or(row.parent_id);
            row.position = change.position.unwrap_or(row.position);
            row.version += 1;
            row.updated_at = trail.now();
            place(&row, &tree)?;
            categories::update(conn, &row).await?;
            note(&trail, conn, caller, "category.changed", &row).await?;
            Ok(row)
        })
        .await;
    drop(conn);
    state.answers.after(changed).await
}

/// Takes away a category that nothing is in.
pub(crate) async fn delete_category(
    state: &AppState,
    caller: &CurrentUser,
    id: CategoryId,
) -> Result<(), Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    let changed = conn
        .transaction(async |conn| {
            let tree = categories::lock_tree(conn).await?;
            let found = tree.into_iter().find(|row| row.id == id.0);
            let row = found.ok_or(Error::NotFound("category"))?;
            if categories::is_in_use(conn, id).await? {
                return Err(Error::InvalidState("the category is not empty"));
            }
            categories::delete(conn, id).await?;
            note(&trail, conn, caller, "category.deleted", &row).await
        })
        .await;
    drop(conn);
    state.answers.after(changed).await
}

fn checked(slug: &str) -> Result<String, Error> {
    let slug = slug::parse(slug).map_err(|error| Error::invalid("slug", &error))?;
    Ok(slug.to_owned())
}

fn place(row: &CategoryRow, tree: &[CategoryRow]) -> Result<(), Error> {
    let Some(parent) = row.parent_id else {
        return Ok(());
    };
    let parents: HashMap<_, _> = tree
        .iter()
        .map(|row| (CategoryId(row.id), row.parent_id.map(CategoryId)))
        .collect();
    check_place(CategoryId(row.id), CategoryId(parent), &parents)
        .map_err(|error| Error::invalid("parentId", &error))
}

async fn note(
    trail: &Trail,
    conn: &mut AsyncPgConnection,
    caller: &CurrentUser,
    action: &str,
    row: &CategoryRow,
) -> Result<(), Error> {
    let facts = json!({ "slug": row.slug, "parentId": row.parent_id, "version": row.version });
    trail
        .audit(
            conn,
            caller,
            action,
            ("category", row.id.to_string()),
            facts,
        )
        .await?;
    Ok(())
}
