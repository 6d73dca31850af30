//! Reading all products, page by page.

use std::collections::HashMap;

use uuid::Uuid;

use super::Error;
use crate::startup::AppState;
use crate::store::categories;
use crate::store::images::{self, ImageRow};
use crate::store::products::{self, ProductRow};
use crate::store::variants::{self, VariantRow};

/// Products of one page.
const PAGE: i64 = 500;

/// A product with its parts.
pub(crate) struct Exported {
    pub(crate) product: ProductRow,
    pub(crate) variants: Vec<VariantRow>,
    pub(crate) images: Vec<ImageRow>,
}

/// Some products.
pub(crate) struct ExportPage {
    pub(crate) products: Vec<Exported>,
    /// Slugs of categories.
    pub(crate) categories: HashMap<Uuid, String>,
    /// After which product to go on; `None` at the end.
    pub(crate) next: Option<Uuid>,
}

/// The products after one, in the order of ids: four statements, however many products there are.
pub(crate) async fn page(state: &AppState, last: Uuid) -> Result<ExportPage, Error> {
    let mut conn = state.db.get().await?;
    let rows = products::after(&mut conn, last, PAGE).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut of_product: HashMap<Uuid, Vec<VariantRow>> = HashMap::new();
    for row in variants::of_all(&mut conn, &ids).await? {
        of_product.entry(row.product_id).or_default().push(row);
    }
    let mut pictures: HashMap<Uuid, Vec<ImageRow>> = HashMap::new();
    for row in images::of(&mut conn, &ids).await? {
        pictures.entry(row.product_id).or_default().push(row);
    }
    let all = categories::all(&mut conn).await?;
    let is_full = i64::try_from(rows.len()).unwrap_or(PAGE) == PAGE;
    Ok(ExportPage {
        next: ids.last().copied().filter(|_| is_full),
        categories: all.into_iter().map(|row| (row.id, row.slug)).collect(),
        products: rows
            .into_iter()
            .map(|product| Exported {
                variants: of_product.remove(&product.id).unwrap_or_default(),
                images: pictures.remove(&product.id).unwrap_or_default(),
                product,
            })
            .collect(),
    })
}
