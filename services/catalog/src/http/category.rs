//! A category on the wire.

use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::categories::NewCategory;
use crate::store::categories::CategoryRow;

/// A shelf of the shop.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Category {
    pub(crate) id: Uuid,
    #[schema(example = "lace")]
    slug: String,
    name: String,
    description: Option<String>,
    pub(crate) parent_id: Option<Uuid>,
    position: i32,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// One category.
#[derive(Serialize, ToSchema)]
pub(crate) struct CategoryData {
    pub(crate) category: Category,
}

/// A new category.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "name": "Lace", "parentId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f" }))]
pub(crate) struct CreateCategoryRequest {
    /// 1 to 100 characters.
    #[garde(length(chars, min = 1, max = 100))]
    name: String,
    /// Made from the name if absent.
    #[garde(skip)]
    slug: Option<String>,
    #[garde(inner(length(chars, max = 2000)))]
    description: Option<String>,
    /// The one it stands below.
    #[garde(skip)]
    parent_id: Option<Uuid>,
    /// Its place among its siblings.
    #[serde(default)]
    #[garde(range(min = 0, max = 1_000_000))]
    position: i32,
}

impl From<CreateCategoryRequest> for NewCategory {
    fn from(request: CreateCategoryRequest) -> Self {
        Self {
            name: request.name,
            slug: request.slug,
            description: request.description,
            parent_id: request.parent_id,
            position: request.position,
        }
    }
}

impl From<CategoryRow> for Category {
    fn from(row: CategoryRow) -> Self {
        Self {
            id: row.id,
            slug: row.slug,
            name: row.name,
            description: row.description,
            parent_id: row.parent_id,
            position: row.position,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
