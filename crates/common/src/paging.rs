//! Pages of lists.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::error::ApiError;

/// Items on a page unless asked otherwise.
pub const DEFAULT_LIMIT: u32 = 20;
/// The most items on a page.
pub const MAX_LIMIT: u32 = 100;
/// The last page that can be asked for by number; beyond it a cursor is the way.
pub const MAX_PAGE: u32 = 10_000;
/// A list that is longer is not counted to its end: that would read all of it for each of its pages.
pub const COUNTED_MAX: i64 = 10_000;

/// `?page=&limit=` as written by the client.
#[derive(Debug, Default, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// From 1.
    #[param(minimum = 1, default = 1, value_type = Option<u32>)]
    pub page: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    pub limit: Option<String>,
}

/// A page that can be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// From 1.
    pub number: u32,
    /// Items on it.
    pub limit: u32,
}

impl PageQuery {
    /// Checks both numbers; an empty value counts as absent.
    ///
    /// # Errors
    /// 400 when one is not a number in its range.
    pub fn page(&self) -> Result<Page, ApiError> {
        Ok(Page {
            number: number("page", self.page.as_deref(), 1, MAX_PAGE)?,
            limit: number("limit", self.limit.as_deref(), DEFAULT_LIMIT, MAX_LIMIT)?,
        })
    }
}

impl Page {
    /// Rows to skip.
    #[must_use]
    pub fn offset(self) -> i64 {
        i64::from(self.number - 1) * i64::from(self.limit)
    }

    /// Rows to read.
    #[must_use]
    pub fn rows(self) -> i64 {
        i64::from(self.limit)
    }

    /// The `pagination` object that goes with the page of what was [counted](count).
    #[must_use]
    pub fn of_total(self, counted: i64) -> Pagination {
        let limit = i64::from(self.limit);
        let total = counted.min(COUNTED_MAX);
        Pagination {
            page: self.number,
            limit: self.limit,
            total,
            total_pages: (total + limit - 1) / limit,
            total_is_estimate: counted > COUNTED_MAX,
        }
    }
}

/// How many rows a query finds, at most one more than [`COUNTED_MAX`]. In the order of an index, the query reads no more than so
/// many either; without one, PostgreSQL may begin with the table. It has no limit of its own.
///
/// # Errors
/// What the database says.
pub async fn count<Q>(conn: &mut AsyncPgConnection, query: Q) -> QueryResult<i64>
where
    Q: QueryFragment<Pg> + Send,
{
    Counted(query).get_result(conn).await
}

struct Counted<Q>(Q);

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Counted<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT count(*) FROM (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(&format!(" LIMIT {}) AS counted", COUNTED_MAX + 1));
        Ok(())
    }
}

/// Found again by its text.
impl<Q> QueryId for Counted<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for Counted<Q> {
    type SqlType = BigInt;
}

fn number(name: &str, text: Option<&str>, default: u32, most: u32) -> Result<u32, ApiError> {
    match text.map(str::trim) {
        None | Some("") => Ok(default),
        Some(text) => match text.parse::<u32>() {
            Ok(value) if (1..=most).contains(&value) => Ok(value),
            _ => Err(ApiError::invalid(
                name,
                format!("must be a number from 1 to {most}"),
            )),
        },
    }
}

/// Where a page stands in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    /// From 1.
    pub page: u32,
    /// Items asked for.
    pub limit: u32,
    /// Items in all, counted up to 10,000.
    pub total: i64,
    /// Pages that these items fill; 0 when the list is empty.
    pub total_pages: i64,
    /// Whether there are more than `total`.
    pub total_is_estimate: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(page: &str, limit: &str) -> PageQuery {
        PageQuery {
            page: Some(page.into()),
            limit: Some(limit.into()),
        }
    }

    #[test]
    fn absent_and_empty_values_take_the_defaults() {
        let expected = Page {
            number: 1,
            limit: 20,
        };
        assert_eq!(PageQuery::default().page().unwrap(), expected);
        assert_eq!(query("", " ").page().unwrap(), expected);
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in ["0", "-1", "1e9", "NaN", "'1'", "101", "9223372036854775808"] {
            assert!(query("1", bad).page().is_err(), "{bad}");
        }
        assert!(query("9223372036854775807", "1").page().is_err());
    }

    #[test]
    fn the_last_page_may_be_short() {
        let page = Page {
            number: 2,
            limit: 20,
        };
        assert_eq!(page.offset(), 20);
        assert_eq!(page.of_total(41).total_pages, 3);
        assert_eq!(page.of_total(0).total_pages, 0);
    }

    #[test]
    fn a_long_list_is_not_counted_to_its_end() {
        let page = Page {
            number: 1,
            limit: 100,
        };
        let all = page.of_total(COUNTED_MAX);
        assert_eq!((all.total, all.total_is_estimate), (10_000, false));
        let more = page.of_total(COUNTED_MAX + 1);
        assert_eq!((more.total, more.total_is_estimate), (10_000, true));
        assert_eq!(more.total_pages, 100);
    }
}
