//! The book of coupons: what staff lists, writes and takes out. A price is looked up in `coupons.rs`.

use common::paging::{self, Page};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::coupons::CouponRow;
use super::schema::orders::{coupons, orders};
use crate::domain::ids::CouponId;

/// Comes after everything that a code may be made of.
const AFTER_ALL: char = '~';

/// Which coupons; all if nothing is said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// What the code begins with, in upper case.
    pub(crate) begins_with: Option<String>,
    pub(crate) is_active: Option<bool>,
}

impl Filter {
    fn query(&self) -> coupons::BoxedQuery<'_, Pg> {
        let mut query = coupons::table.into_boxed();
        if let Some(begin) = &self.begins_with {
            // Codes are compared byte by byte, so the ones that begin so stand side by side in their index.
            let end = format!("{begin}{AFTER_ALL}");
            query = query
                .filter(coupons::code.ge(begin))
                .filter(coupons::code.lt(end));
        }
        if let Some(is_active) = self.is_active {
            query = query.filter(coupons::is_active.eq(is_active));
        }
        query
    }
}

/// One page by code, and how many there are in all.
pub(crate) async fn list(
    conn: &mut AsyncPgConnection,
    filter: &Filter,
    page: Page,
) -> QueryResult<(Vec<CouponRow>, i64)> {
    let by_code = || filter.query().order(coupons::code);
    let total = paging::count(conn, by_code().select(coupons::id)).await?;
    let rows = by_code()
        .offset(page.offset())
        .limit(page.rows())
        .select(CouponRow::as_select())
        .load(conn)
        .await?;
    Ok((rows, total))
}

/// One coupon.
pub(crate) async fn find(
    conn: &mut AsyncPgConnection,
    coupon: CouponId,
) -> QueryResult<Option<CouponRow>> {
    coupons::table
        .find(coupon.0)
        .select(CouponRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// One coupon, which no order can be placed with until the transaction ends: the lock is as strong as a change of the code or
/// a deletion needs, so that neither has to wait in the middle for an order that waits for it.
pub(crate) async fn lock(
    conn: &mut AsyncPgConnection,
    coupon: CouponId,
) -> QueryResult<Option<CouponRow>> {
    coupons::table
        .find(coupon.0)
        .select(CouponRow::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()
}

/// Adds a coupon.
pub(crate) async fn insert(conn: &mut AsyncPgConnection, row: &CouponRow) -> QueryResult<()> {
    diesel::insert_into(coupons::table)
        .values(row)
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes a locked coupon back.
pub(crate) async fn update(conn: &mut AsyncPgConnection, row: &CouponRow) -> QueryResult<()> {
    diesel::update(coupons::table.find(row.id))
        .set(row)
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether any order was ever placed with it, also one that was given up since.
pub(crate) async fn was_used(conn: &mut AsyncPgConnection, coupon: CouponId) -> QueryResult<bool> {
    let with_it = orders::table.filter(orders::coupon_id.eq(coupon.0));
    diesel::select(diesel::dsl::exists(with_it))
        .get_result(conn)
        .await
}

/// Takes a coupon out that was never used.
pub(crate) async fn delete(conn: &mut AsyncPgConnection, coupon: CouponId) -> QueryResult<()> {
    diesel::delete(coupons::table.find(coupon.0))
        .execute(conn)
        .await?;
    Ok(())
}
