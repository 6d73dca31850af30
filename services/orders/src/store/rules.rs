//! What shipping costs and what is charged on it: read when an order is priced.

use bigdecimal::BigDecimal;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use money::{Currency, Money};

use super::rows::{money, unreadable};
use super::schema::orders::{shipping_methods, tax_rates};
use crate::domain::totals::TaxRate;

/// A way to ship.
#[derive(Debug, Clone)]
pub(crate) struct Method {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) price: Money,
    /// Goods of so much travel free.
    pub(crate) free_from: Option<Money>,
    pub(crate) days: (i32, i32),
    pub(crate) is_default: bool,
}

type MethodColumns = (
    String,
    String,
    Vec<Option<String>>,
    BigDecimal,
    Option<BigDecimal>,
    i32,
    i32,
    bool,
);

/// The ways to ship to a place, the default first, then the cheapest.
pub(crate) async fn methods(
    conn: &mut AsyncPgConnection,
    country: &str,
    state: &str,
    currency: Currency,
) -> QueryResult<Vec<Method>> {
    let rows: Vec<MethodColumns> = shipping_methods::table
        .filter(shipping_methods::country.eq(country))
        .filter(shipping_methods::currency.eq(currency.code()))
        .filter(shipping_methods::is_active)
        .order((
            shipping_methods::is_default.desc(),
            shipping_methods::price,
            shipping_methods::code,
        ))
        .select((
            shipping_methods::code,
            shipping_methods::name,
            shipping_methods::states,
            shipping_methods::price,
            shipping_methods::free_from,
            shipping_methods::days_min,
            shipping_methods::days_max,
            shipping_methods::is_default,
        ))
        .load(conn)
        .await?;
    let state = state.trim().to_lowercase();
    let goes_there = |states: &[Option<String>]| {
        states.is_empty() || states.iter().flatten().any(|one| *one == state)
    };
    rows.into_iter()
        .filter(|row| goes_there(&row.2))
        .map(
            |(code, name, _, price, free_from, least, most, is_default)| {
                Ok(Method {
                    code,
                    name,
                    price: money(&price, currency)?,
                    free_from: free_from.map(|from| money(&from, currency)).transpose()?,
                    days: (least, most),
                    is_default,
                })
            },
        )
        .collect()
}

/// What is charged in a place: its own rate before its country's.
pub(crate) async fn tax_rate(
    conn: &mut AsyncPgConnection,
    country: &str,
    state: &str,
) -> QueryResult<Option<TaxRate>> {
    let state = state.trim().to_lowercase();
    let row: Option<(String, i32, bool)> = tax_rates::table
        .filter(tax_rates::country.eq(country))
        .filter(tax_rates::state.eq_any([state.as_str(), ""]))
        .filter(tax_rates::is_active)
        .order(tax_rates::state.desc())
        .select((
            tax_rates::name,
            tax_rates::basis_points,
            tax_rates::applies_to_shipping,
        ))
        .first(conn)
        .await
        .optional()?;
    row.map(|(name, basis_points, applies_to_shipping)| {
        Ok(TaxRate {
            name,
            basis_points: u32::try_from(basis_points).map_err(unreadable)?,
            applies_to_shipping,
        })
    })
    .transpose()
}
