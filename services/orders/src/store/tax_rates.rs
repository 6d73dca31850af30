//! Tax rates as staff writes them.

use chrono::{DateTime, Utc};
use common::paging::{self, Page};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::orders::tax_rates;

/// Which tax rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TaxRateId(pub(crate) Uuid);

/// A tax rate as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = tax_rates, check_for_backend(diesel::pg::Pg))]
pub(crate) struct TaxRateRow {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) country: String,
    /// Empty for the whole country.
    pub(crate) state: String,
    pub(crate) basis_points: i32,
    pub(crate) applies_to_shipping: bool,
    pub(crate) is_active: bool,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

fn of_country(country: Option<&str>) -> tax_rates::BoxedQuery<'_, Pg> {
    let query = tax_rates::table.into_boxed();
    match country {
        Some(country) => query.filter(tax_rates::country.eq(country)),
        None => query,
    }
}

/// One page by country and state, the rate in force before former ones, and how many there are in all. The law makes few of
/// them.
pub(crate) async fn list(
    conn: &mut AsyncPgConnection,
    country: Option<&str>,
    page: Page,
) -> QueryResult<(Vec<TaxRateRow>, i64)> {
    let in_order = || {
        of_country(country).order((
            tax_rates::country,
            tax_rates::state,
            tax_rates::is_active.desc(),
            tax_rates::id.desc(),
        ))
    };
    let total = paging::count(conn, in_order().select(tax_rates::id)).await?;
    let rows = in_order()
        .offset(page.offset())
        .limit(page.rows())
        .select(TaxRateRow::as_select())
        .load(conn)
        .await?;
    Ok((rows, total))
}

/// One rate, held until the transaction ends.
pub(crate) async fn lock(
    conn: &mut AsyncPgConnection,
    rate: TaxRateId,
) -> QueryResult<Option<TaxRateRow>> {
    tax_rates::table
        .find(rate.0)
        .select(TaxRateRow::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()
}

/// Adds a rate.
pub(crate) async fn insert(conn: &mut AsyncPgConnection, row: &TaxRateRow) -> QueryResult<()> {
    diesel::insert_into(tax_rates::table)
        .values(row)
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes a locked rate back.
pub(crate) async fn update(conn: &mut AsyncPgConnection, row: &TaxRateRow) -> QueryResult<()> {
    diesel::update(tax_rates::table.find(row.id))
        .set(row)
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes a rate away. Orders have copies of what they need of it.
pub(crate) async fn delete(conn: &mut AsyncPgConnection, rate: TaxRateId) -> QueryResult<()> {
    diesel::delete(tax_rates::table.find(rate.0))
        .execute(conn)
        .await?;
    Ok(())
}
