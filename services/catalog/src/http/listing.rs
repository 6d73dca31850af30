//! What lists of products have alike: filters, orders, places, and the page itself.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bigdecimal::BigDecimal;
use common::ApiError;
use common::paging::{Page, PageQuery, Pagination};
use money::Amount;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::product::Product;
use super::product_input as input;
use crate::app::find::{self, Facets, Highlight, Listing, ProductView};
use crate::startup::AppState;
use crate::store::listing::{Filter, Position, Sort, SortKey};

/// The longest text that is looked for, in characters.
const SEARCH_CHARS_MAX: usize = 200;
/// As many tags as may be asked for at once.
const TAGS_MAX: usize = 10;

/// Which products. An empty value counts as absent.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ProductsQuery {
    /// In this category or one below it.
    category_id: Option<String>,
    /// The same by the category's slug.
    #[param(example = "lace")]
    category: Option<String>,
    /// With these words; see `GET /products/search`.
    #[param(example = "royal")]
    pub(crate) search: Option<String>,
    /// The same as `search`, as `GET /products/search` calls it.
    #[param(example = "royal lace")]
    pub(crate) q: Option<String>,
    /// This price or more.
    #[param(example = "1000")]
    min_price: Option<String>,
    /// This price or less.
    #[param(example = "50000")]
    max_price: Option<String>,
    /// With all of these tags, comma-separated.
    #[param(example = "lace,wedding")]
    tags: Option<String>,
    /// `true`: something of it can be bought.
    #[param(value_type = Option<bool>)]
    in_stock: Option<String>,
    /// `true`: the front page shows it.
    #[param(value_type = Option<bool>)]
    is_featured: Option<String>,
    /// `created_at`, `price`, `title`, or `relevance` when words are looked for.
    #[param(example = "price")]
    pub(crate) sort_by: Option<String>,
    /// `asc` or `desc`.
    #[param(example = "asc")]
    sort_order: Option<String>,
    /// `true`: with the numbers by category, tag, price and availability.
    #[param(value_type = Option<bool>)]
    facets: Option<String>,
    /// From 1.
    #[param(minimum = 1, default = 1, value_type = Option<u32>)]
    page: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    limit: Option<String>,
    /// The `nextCursor` of the page before, for going deep; takes the place of `page`.
    cursor: Option<String>,
}

/// A page of products.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductsData {
    products: Vec<Product>,
    pagination: Pagination,
    /// Where the next page begins; `null` after the last, and where relevance orders.
    next_cursor: Option<String>,
    /// Numbers by category, tag, price and availability, if asked for.
    #[schema(value_type = Option<Object>)]
    facets: Option<Value>,
    /// What was found in each product, for a search: HTML with `<em>` around it.
    highlights: Vec<HighlightData>,
}

/// What was found in a product.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HighlightData {
    product_id: Uuid,
    #[schema(example = "<em>Royal</em> lace")]
    title: String,
    short_description: String,
}

#[derive(Serialize, Deserialize)]
struct Cursor {
    by: String,
    after: String,
    id: Uuid,
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

fn flag(field: &str, text: &Option<String>) -> Result<Option<bool>, ApiError> {
    match given(text) {
        None => Ok(None),
        Some("true" | "1") => Ok(Some(true)),
        Some("false" | "0") => Ok(Some(false)),
        Some(_) => Err(ApiError::invalid(field, "must be true or false")),
    }
}

impl ProductsQuery {
    /// What an answer to it is called: the same for all that ask for the same.
    pub(crate) fn name(&self, what: &str) -> String {
        let asked = [
            ("c", &self.category_id),
            ("s", &self.category),
            ("q", &self.search),
            ("Q", &self.q),
            ("from", &self.min_price),
            ("to", &self.max_price),
            ("tags", &self.tags),
            ("stock", &self.in_stock),
            ("featured", &self.is_featured),
            ("by", &self.sort_by),
            ("order", &self.sort_order),
            ("facets", &self.facets),
            ("page", &self.page),
            ("limit", &self.limit),
            ("cursor", &self.cursor),
        ];
        let mut name = String::with_capacity(64);
        name.push_str(what);
        for (field, value) in asked {
            if let Some(value) = given(value) {
                // No value holds a NUL: PostgreSQL could not look for it.
                name.extend(["\0", field, "=", value]);
            }
        }
        name
    }

    /// What is looked for, if anything.
    pub(crate) fn words(&self) -> Result<Option<&str>, ApiError> {
        let (field, text) = match given(&self.q) {
            Some(text) => ("q", text),
            None => match given(&self.search) {
                Some(text) => ("search", text),
                None => return Ok(None),
            },
        };
        if text.chars().count() > SEARCH_CHARS_MAX {
            return Err(ApiError::invalid(field, "must be at most 200 characters"));
        }
        Ok(Some(text))
    }

    pub(crate) fn facets(&self) -> Result<Facets, ApiError> {
        Ok(match flag("facets", &self.facets)? {
            Some(true) => Facets::Counted,
            _ => Facets::Left,
        })
    }

    pub(crate) fn page(&self) -> Result<Page, ApiError> {
        let query = PageQuery {
            page: self.page.clone(),
            limit: self.limit.clone(),
        };
        query.page()
    }

    /// The conditions. A category stands for all below it.
    pub(crate) async fn filter(&self, state: &AppState) -> Result<Filter, ApiError> {
        let categories = match given(&self.category_id).or(given(&self.category)) {
            None => None,
            Some(category) => {
                let inside = find::with_sub_categories(state, category).await?;
                Some(inside.into_iter().map(|id| id.0).collect())
            }
        };
        let price = |field: &str, text: &Option<String>| {
            let amount = given(text)
                .map(|text| input::price(field, text))
                .transpose()?;
            Ok::<_, ApiError>(amount.map(decimal))
        };
        let tags = given(&self.tags).unwrap_or_default();
        let tags = tags.split(',').filter(|tag| !tag.trim().is_empty());
        let tags = input::tags(tags.map(str::to_owned).collect());
        if tags.len() > TAGS_MAX {
            return Err(ApiError::invalid("tags", "must be at most 10"));
        }
        Ok(Filter {
            categories,
            min_price: price("minPrice", &self.min_price)?,
            max_price: price("maxPrice", &self.max_price)?,
            tags,
            in_stock: flag("inStock", &self.in_stock)?,
            is_featured: flag("isFeatured", &self.is_featured)?,
        })
    }

    /// The order, newest first unless asked otherwise.
    pub(crate) fn sort(&self) -> Result<Sort, ApiError> {
        let key = match given(&self.sort_by) {
            None | Some("created_at" | "createdAt" | "relevance") => SortKey::CreatedAt,
            Some("price") => SortKey::Price,
            Some("title") => SortKey::Title,
            Some(_) => {
                let message = "must be created_at, price, title or relevance";
                return Err(ApiError::invalid("sortBy", message));
            }
        };
        let is_descending = match given(&self.sort_order) {
            None | Some("desc") => true,
            Some("asc") => false,
            Some(_) => return Err(ApiError::invalid("sortOrder", "must be asc or desc")),
        };
        Ok(Sort { key, is_descending })
    }

    /// Where the page begins.
    pub(crate) fn position(&self, sort: Sort, page: Page) -> Result<Position, ApiError> {
        let Some(text) = given(&self.cursor) else {
            return Ok(Position::Skip(page.offset()));
        };
        let bad = || ApiError::invalid("cursor", "is not one of this list");
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_malformed| bad())?;
        let cursor: Cursor = serde_json::from_slice(&bytes).map_err(|_malformed| bad())?;
        if cursor.by != name(sort) {
            return Err(bad());
        }
        Ok(match sort.key {
            SortKey::CreatedAt => {
                let time = cursor.after.parse().map_err(|_malformed| bad())?;
                Position::AfterTime(time, cursor.id)
            }
            SortKey::Price => {
                let price: Amount = cursor.after.parse().map_err(|_malformed| bad())?;
                Position::AfterPrice(decimal(price), cursor.id)
            }
            SortKey::Title => Position::AfterTitle(cursor.after, cursor.id),
        })
    }
}

impl ProductsData {
    /// # Errors
    /// When a stored price cannot be read, which is a bug.
    pub(crate) fn of(listing: Listing, page: Page, sort: Option<Sort>) -> Result<Self, ApiError> {
        let is_full = listing.products.len() == usize::try_from(page.limit).unwrap_or(usize::MAX);
        let last = listing.products.last().filter(|_| is_full);
        let next_cursor = sort.zip(last).map(|(sort, last)| cursor_after(sort, last));
        let ids: Vec<Uuid> = listing
            .products
            .iter()
            .map(|view| view.product.id)
            .collect();
        let marked = ids.into_iter().zip(listing.highlights);
        Ok(Self {
            products: Product::all(listing.products)?,
            pagination: page.of_total(listing.total),
            next_cursor,
            facets: listing.facets,
            highlights: marked.map(HighlightData::from).collect(),
        })
    }
}

impl From<(Uuid, Highlight)> for HighlightData {
    fn from((product_id, found): (Uuid, Highlight)) -> Self {
        Self {
            product_id,
            title: marked_up(&found.title),
            short_description: marked_up(&found.short_description),
        }
    }
}

/// Everything is escaped but our own marks.
fn marked_up(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\u{2}' => html.push_str("<em>"),
            '\u{3}' => html.push_str("</em>"),
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

fn decimal(amount: Amount) -> BigDecimal {
    BigDecimal::new(amount.minor().into(), 2)
}

fn name(sort: Sort) -> String {
    format!("{:?} {}", sort.key, sort.is_descending)
}

fn cursor_after(sort: Sort, last: &ProductView) -> String {
    let product = &last.product;
    let after = match sort.key {
        SortKey::CreatedAt => product.created_at.to_rfc3339(),
        SortKey::Price => product.price.to_string(),
        SortKey::Title => product.title.clone(),
    };
    let cursor = Cursor {
        by: name(sort),
        after,
        id: product.id,
    };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_title_holds_is_never_markup() {
        assert_eq!(
            marked_up("\u{2}Royal\u{3} <img onerror='x'> & \"lace\""),
            "<em>Royal</em> &lt;img onerror=&#39;x&#39;&gt; &amp; &quot;lace&quot;"
        );
    }

    #[test]
    fn a_cursor_belongs_to_one_order() {
        let query = |cursor: &str| ProductsQuery {
            cursor: Some(cursor.to_owned()),
            ..ProductsQuery::default()
        };
        let page = PageQuery::default().page().unwrap();
        let by_title = Sort {
            key: SortKey::Title,
            is_descending: false,
        };
        let cursor = Cursor {
            by: name(by_title),
            after: "Royal lace".to_owned(),
            id: Uuid::nil(),
        };
        let text = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap());
        assert!(query(&text).position(by_title, page).is_ok());
        let by_price = Sort {
            key: SortKey::Price,
            ..by_title
        };
        assert!(query(&text).position(by_price, page).is_err());
        assert!(query("not a cursor").position(by_title, page).is_err());
    }
}
