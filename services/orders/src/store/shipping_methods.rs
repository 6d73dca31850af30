//! Ways to ship as staff writes them.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use common::paging::{self, Page};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::orders::shipping_methods;

/// Which way to ship.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShippingMethodId(pub(crate) Uuid);

/// A way to ship as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = shipping_methods, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
pub(crate) struct ShippingMethodRow {
    pub(crate) id: Uuid,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) country: String,
    pub(crate) states: Vec<Option<String>>,
    pub(crate) currency: String,
    pub(crate) price: BigDecimal,
    pub(crate) free_from: Option<BigDecimal>,
    pub(crate) days_min: i32,
    pub(crate) days_max: i32,
    pub(crate) is_default: bool,
    pub(crate) is_active: bool,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

fn of_country(country: Option<&str>) -> shipping_methods::BoxedQuery<'_, Pg> {
    let query = shipping_methods::table.into_boxed();
    match country {
        Some(country) => query.filter(shipping_methods::country.eq(country)),
        None => query,
    }
}

/// One page by country, currency and code, and how many there are in all.
pub(crate) async fn list(
    conn: &mut AsyncPgConnection,
    country: Option<&str>,
    page: Page,
) -> QueryResult<(Vec<ShippingMethodRow>, i64)> {
    let in_order = || {
        of_country(country).order((
            shipping_methods::country,
            shipping_methods::currency,
            shipping_methods::code,
        ))
    };
    let total = paging::count(conn, in_order().select(shipping_methods::id)).await?;
    let rows = in_order()
        .offset(page.offset())
        .limit(page.rows())
        .select(ShippingMethodRow::as_select())
        .load(conn)
        .await?;
    Ok((rows, total))
}

/// One way to ship, held until the transaction ends.
pub(crate) async fn lock(
    conn: &mut AsyncPgConnection,
    method: ShippingMethodId,
) -> QueryResult<Option<ShippingMethodRow>> {
    shipping_methods::table
        .find(method.0)
        .select(ShippingMethodRow::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()
}

/// Takes the flag from whichever is the default where `row` is to be it; answers that one.
pub(crate) async fn take_default(
    conn: &mut AsyncPgConnection,
    row: &ShippingMethodRow,
) -> QueryResult<Option<ShippingMethodRow>> {
    let present = shipping_methods::table
        .filter(shipping_methods::country.eq(&row.country))
        .filter(shipping_methods::currency.eq(&row.currency))
        .filter(shipping_methods::is_default)
        .filter(shipping_methods::is_active)
        .filter(shipping_methods::id.ne(row.id));
    diesel::update(present)
        .set((
            shipping_methods::is_default.eq(false),
            shipping_methods::version.eq(shipping_methods::version + 1),
            shipping_methods::updated_at.eq(row.updated_at),
        ))
        .returning(ShippingMethodRow::as_returning())
        .get_result(conn)
        .await
        .optional()
}

/// Adds a way to ship.
pub(crate) async fn insert(
    conn: &mut AsyncPgConnection,
    row: &ShippingMethodRow,
) -> QueryResult<()> {
    diesel::insert_into(shipping_methods::table)
        .values(row)
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes a locked way to ship back.
pub(crate) async fn update(
    conn: &mut AsyncPgConnection,
    row: &ShippingMethodRow,
) -> QueryResult<()> {
    diesel::update(shipping_methods::table.find(row.id))
        .set(row)
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes a way to ship away. Orders have copies of what they need of it.
pub(crate) async fn delete(
    conn: &mut AsyncPgConnection,
    method: ShippingMethodId,
) -> QueryResult<()> {
    diesel::delete(shipping_methods::table.find(method.0))
        .execute(conn)
        .await?;
    Ok(())
}
