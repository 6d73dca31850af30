//! Reading: one product, a page, what is found by words.

use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

use super::Error;
use crate::domain::ids::CategoryId;
use crate::startup::AppState;
use crate::store::images::{self, ImageRow};
use crate::store::listing::{self, Filter, Position, ShownProduct, Sort, Terms};
use crate::store::variants::{self, ShownVariant};

/// How many related products are shown.
const RELATED: i64 = 8;

/// A product with all its parts.
#[derive(Debug, Clone)]
pub(crate) struct ProductView {
    pub(crate) product: ShownProduct,
    pub(crate) variants: Vec<ShownVariant>,
    pub(crate) images: Vec<ImageRow>,
}

/// A page of products.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) products: Vec<ProductView>,
    /// How many there are, as they were counted.
    pub(crate) total: i64,
    pub(crate) facets: Option<Value>,
    /// What was found in each, for a search; in the order of the products.
    pub(crate) highlights: Vec<Highlight>,
}

/// What was found in a product.
#[derive(Debug, Clone, Default)]
pub(crate) struct Highlight {
    pub(crate) title: String,
    pub(crate) short_description: String,
}

/// What to count beside the page itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Facets {
    Counted,
    Left,
}

/// Adds variants and pictures: two statements, however many products there are.
pub(crate) async fn with_parts(
    conn: &mut AsyncPgConnection,
    products: Vec<ShownProduct>,
) -> Result<Vec<ProductView>, Error> {
    let ids: Vec<Uuid> = products.iter().map(|product| product.id).collect();
    let mut variants: HashMap<Uuid, Vec<ShownVariant>> = HashMap::new();
    for variant in variants::shown_of(conn, &ids).await? {
        variants
            .entry(variant.product_id)
            .or_default()
            .push(variant);
    }
    let mut images: HashMap<Uuid, Vec<ImageRow>> = HashMap::new();
    for image in images::of(conn, &ids).await? {
        images.entry(image.product_id).or_default().push(image);
    }
    let view = |product: ShownProduct| ProductView {
        variants: variants.remove(&product.id).unwrap_or_default(),
        images: images.remove(&product.id).unwrap_or_default(),
        product,
    };
    Ok(products.into_iter().map(view).collect())
}

/// One product by its id or slug; hidden ones for staff only.
pub(crate) async fn get_product(
    state: &AppState,
    id_or_slug: &str,
    with_hidden: bool,
) -> Result<ProductView, Error> {
    let mut conn = state.db.get().await?;
    view_of(&mut conn, id_or_slug, with_hidden).await
}

/// The same on a connection.
pub(crate) async fn view_of(
    conn: &mut AsyncPgConnection,
    id_or_slug: &str,
    with_hidden: bool,
) -> Result<ProductView, Error> {
    let found = listing::find(conn, id_or_slug, with_hidden).await?;
    let found = found.ok_or(Error::NotFound("product"))?;
    let views = with_parts(conn, vec![found]).await?;
    views
        .into_iter()
        .next()
        .ok_or_else(|| Error::Bug("a product without a view".to_owned()))
}

/// Products that may please who looks at this one.
pub(crate) async fn related_products(
    state: &AppState,
    id_or_slug: &str,
) -> Result<Vec<ProductView>, Error> {
    let mut conn = state.db.get().await?;
    let product = listing::find(&mut conn, id_or_slug, false).await?;
    let product = product.ok_or(Error::NotFound("product"))?;
    let related = listing::related(&mut conn, &product, RELATED).await?;
    with_parts(&mut conn, related).await
}

/// A category and all below it.
pub(crate) async fn with_sub_categories(
    state: &AppState,
    id_or_slug: &str,
) -> Result<Vec<CategoryId>, Error> {
    let mut conn = state.db.get().await?;
    let all = crate::store::categories::all(&mut conn).await?;
    let is_it = |id: Uuid, slug: &str| {
        slug == id_or_slug || id_or_slug.parse::<Uuid>().is_ok_and(|wanted| wanted == id)
    };
    let mut inside: Vec<Uuid> = all
        .iter()
        .filter(|row| is_it(row.id, &row.slug))
        .map(|row| row.id)
        .collect();
    let mut reached = 0;
    while let Some(parent) = inside.get(reached).copied() {
        reached += 1;
        let below = all.iter().filter(|row| row.parent_id == Some(parent));
        inside.extend(below.map(|row| row.id));
    }
    Ok(inside.into_iter().map(CategoryId).collect())
}

/// A page of products in an order.
pub(crate) async fn list_products(
    state: &AppState,
    filter: &Filter,
    (sort, from): (Sort, Position),
    rows_max: i64,
    facets: Facets,
) -> Result<Listing, Error> {
    let mut conn = state.db.get().await?;
    let rows = listing::list(&mut conn, filter, sort, &from, rows_max).await?;
    let total = listing::count(&mut conn, filter).await?;
    let facets = match facets {
        Facets::Counted => Some(listing::facets(&mut conn, None, filter).await?),
        Facets::Left => None,
    };
    Ok(Listing {
        products: with_parts(&mut conn, rows).await?,
        total,
        facets,
        highlights: Vec::new(),
    })
}

/// A page of what fits words best. Where no product has the words as they are written, those count that are like them.
pub(crate) async fn search_products(
    state: &AppState,
    terms: Terms,
    filter: &Filter,
    (skipped, rows_max): (i64, i64),
    facets: Facets,
) -> Result<Listing, Error> {
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let mut terms = terms;
        let mut total = listing::count_matching(conn, &terms, filter).await?;
        if total == 0 {
            terms = terms.misspelt();
            total = listing::count_matching(conn, &terms, filter).await?;
        }
        let rows = listing::search(conn, &terms, filter, (skipped, rows_max)).await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut marked: HashMap<Uuid, Highlight> = HashMap::new();
        for found in listing::highlights(conn, &terms, &ids).await? {
            let highlight = Highlight {
                title: found.title,
                short_description: found.short_description,
            };
            marked.insert(found.id, highlight);
        }
        let facets = match facets {
            Facets::Counted => Some(listing::facets(conn, Some(&terms), filter).await?),
            Facets::Left => None,
        };
        Ok(Listing {
            products: with_parts(conn, rows).await?,
            total,
            facets,
            highlights: ids
                .iter()
                .map(|id| marked.remove(id).unwrap_or_default())
                .collect(),
        })
    })
    .await
}
