//! `GET /categories`.

use std::collections::HashMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use common::ApiError;
use common::reply::Success;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::category::Category;
use super::public;
use crate::app;
use crate::startup::AppState;

/// A category and what stands below it.
#[derive(Serialize, ToSchema)]
pub(crate) struct CategoryNode {
    #[serde(flatten)]
    category: Category,
    #[schema(no_recursion)]
    children: Vec<CategoryNode>,
}

/// The whole tree.
#[derive(Serialize, ToSchema)]
pub(crate) struct CategoriesData {
    categories: Vec<CategoryNode>,
}

/// List all categories as a tree.
#[utoipa::path(
    tag = "categories",
    operation_id = "list_categories",
    responses(
        (status = 200, description = "The tree", body = Success<CategoriesData>),
        (status = 304, description = "It is still what `If-None-Match` names"),
    )
)]
#[get("/categories")]
#[tracing::instrument(name = "http.list_categories", skip_all)]
pub(crate) async fn list_categories(
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let make = async {
        let rows = app::categories::list_categories(&state).await?;
        let mut below: HashMap<Option<Uuid>, Vec<Category>> = HashMap::new();
        for category in rows.into_iter().map(Category::from) {
            below.entry(category.parent_id).or_default().push(category);
        }
        let categories = nodes(None, &mut below);
        Ok(CategoriesData { categories })
    };
    public::answer(&state, &request, "categories".to_owned(), make).await
}

/// As deep as the tree is, which has a limit.
fn nodes(
    parent: Option<Uuid>,
    below: &mut HashMap<Option<Uuid>, Vec<Category>>,
) -> Vec<CategoryNode> {
    let here = below.remove(&parent).unwrap_or_default();
    let node = |category: Category| CategoryNode {
        children: nodes(Some(category.id), below),
        category,
    };
    here.into_iter().map(node).collect()
}
