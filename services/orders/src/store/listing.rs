//! Lists of orders. Each filter has an index that has the list's order, too.

use chrono::{DateTime, Utc};
use common::paging::{self, Page};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::orders::orders;
use super::whole::WholeOrder;
use crate::domain::ids::UserId;
use crate::domain::number::OrderNumber;
use crate::domain::status::OrderStatus;

/// What staff looks for.
#[derive(Debug, Clone)]
pub(crate) enum Search {
    /// An order, or everything of a person.
    Id(Uuid),
    /// The keyed hash of an e-mail address.
    Email(Vec<u8>),
    /// A number.
    Number(OrderNumber),
}

/// Which orders; everything if nothing is said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) buyer: Option<UserId>,
    pub(crate) status: Option<OrderStatus>,
    pub(crate) search: Option<Search>,
    pub(crate) email: Option<Vec<u8>>,
    pub(crate) from: Option<DateTime<Utc>>,
    /// Exclusive.
    pub(crate) to: Option<DateTime<Utc>>,
}

type Boxed<'a> = orders::BoxedQuery<'a, Pg>;

impl Filter {
    fn query(&self) -> Boxed<'_> {
        let mut query = orders::table.into_boxed();
        if let Some(buyer) = self.buyer {
            query = query.filter(orders::user_id.eq(buyer.0));
        }
        if let Some(status) = self.status {
            query = query.filter(orders::status.eq(status.name()));
        }
        if let Some(email) = &self.email {
            query = query.filter(orders::email_index.eq(email));
        }
        query = match &self.search {
            None => query,
            Some(Search::Id(id)) => query.filter(orders::id.eq(*id).or(orders::user_id.eq(*id))),
            Some(Search::Email(index)) => query.filter(orders::email_index.eq(index)),
            Some(Search::Number(number)) => query.filter(orders::order_number.eq(number.as_str())),
        };
        if let Some(from) = self.from {
            query = query.filter(orders::created_at.ge(from));
        }
        if let Some(to) = self.to {
            query = query.filter(orders::created_at.lt(to));
        }
        query
    }
}

/// One page, newest first, and how many there are in all.
pub(crate) async fn list(
    conn: &mut AsyncPgConnection,
    filter: &Filter,
    page: Page,
) -> QueryResult<(Vec<WholeOrder>, i64)> {
    let all = newest_first(filter.query(), filter).select(orders::id);
    let total = paging::count(conn, all).await?;
    // What hangs on an order would be gathered for all pages before this one, too.
    let ids: Vec<Uuid> = newest_first(filter.query(), filter)
        .offset(page.offset())
        .limit(page.rows())
        .select(orders::id)
        .load(conn)
        .await?;
    let these = orders::table.filter(orders::id.eq_any(ids)).into_boxed();
    let rows = newest_first(these, filter)
        .select(WholeOrder::as_select())
        .load(conn)
        .await?;
    Ok((rows, total))
}

/// By the index that the filter goes by: days have one of their own, everything else is in the order of ids, which grow with
/// time.
fn newest_first<'a>(query: Boxed<'a>, filter: &Filter) -> Boxed<'a> {
    if filter.from.is_some() || filter.to.is_some() {
        query.order((orders::created_at.desc(), orders::id.desc()))
    } else {
        query.order(orders::id.desc())
    }
}

/// The one order that the filter finds.
pub(crate) async fn first(
    conn: &mut AsyncPgConnection,
    filter: &Filter,
) -> QueryResult<Option<WholeOrder>> {
    filter
        .query()
        .select(WholeOrder::as_select())
        .first(conn)
        .await
        .optional()
}
