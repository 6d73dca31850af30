//! What the shop charges beside its prices: ways to ship, taxes, coupons.

pub(crate) mod coupon_terms;
pub(crate) mod coupons;
pub(crate) mod shipping_methods;
pub(crate) mod tax_rates;

use bigdecimal::BigDecimal;
use common::database::unique_violation;
use diesel::result::Error as DieselError;
use money::{Amount, Currency};

use super::Error;
use crate::startup::AppState;
use crate::store;
use crate::store::rows::unwritable;
use crate::store::rules::Method;

/// 1,000,000,000.00: beyond it an amount is a slip of the hand.
const AMOUNT_MINOR_MAX: i64 = 100_000_000_000;

/// The ways to ship to a place.
pub(crate) async fn methods_to(
    state: &AppState,
    country: &str,
    place: &str,
    currency: Currency,
) -> Result<Vec<Method>, Error> {
    let mut conn = state.db.get().await?;
    Ok(store::rules::methods(&mut conn, country, place, currency).await?)
}

/// A country's two letters in upper case.
pub(crate) fn country_of(text: &str) -> Result<String, Error> {
    let country = text.trim().to_ascii_uppercase();
    if country.len() == 2 && country.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return Ok(country);
    }
    let why = "must be a country's two letters, such as NG";
    Err(Error::invalid("country", why))
}

/// Refuses a change that was made to another state than the present one.
fn check_version(seen: Option<i64>, current: i64) -> Result<(), Error> {
    match seen {
        Some(seen) if seen != current => Err(Error::Version { current }),
        _ => Ok(()),
    }
}

/// What is there already is known by the constraint that says so.
fn taken(error: DieselError) -> Error {
    match unique_violation(&error) {
        Some("coupons_code_unique") => Error::Conflict("there is another coupon with this code"),
        Some("shipping_methods_code_unique") => Error::Conflict(
            "there is another shipping method with this code in the same country and currency",
        ),
        Some("shipping_methods_one_default") => {
            Error::Conflict("another shipping method became the default there just now")
        }
        Some("tax_rates_one_each") => {
            Error::Conflict("there is another active tax rate for the same country and state")
        }
        _ => error.into(),
    }
}

/// An amount that can be paid in its currency, for its column.
fn priced(field: &str, amount: Amount, currency: Currency) -> Result<BigDecimal, Error> {
    if amount.minor() > AMOUNT_MINOR_MAX {
        return Err(Error::invalid(field, "must be at most 1000000000.00"));
    }
    if amount.minor() % currency.step_minor() != 0 {
        let why = "must be a whole amount in this currency";
        return Err(Error::invalid(field, why));
    }
    let decimal = amount.in_currency(currency).to_decimal();
    Ok(decimal.map_err(unwritable)?)
}

/// Refuses an amount that would mean nothing.
fn above_zero(field: &str, amount: Amount) -> Result<(), Error> {
    if amount.minor() > 0 {
        return Ok(());
    }
    Err(Error::invalid(field, "must be more than 0"))
}

/// Hundredths of a per cent, which are what the decimals of a per cent count.
fn basis_points(field: &str, per_cent: Amount) -> Result<i32, Error> {
    i32::try_from(per_cent.minor())
        .ok()
        .filter(|points| *points <= 10_000)
        .ok_or_else(|| Error::invalid(field, "must be at most 100 per cent"))
}

/// A place within a country as rules are looked up by it.
fn place_of(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(minor: i64) -> Amount {
        Amount::try_from_minor(minor).unwrap()
    }

    #[test]
    fn a_per_cent_is_at_most_a_whole() {
        assert_eq!(basis_points("rate", amount(0)).unwrap(), 0);
        assert_eq!(basis_points("rate", amount(750)).unwrap(), 750);
        assert_eq!(basis_points("rate", amount(10_000)).unwrap(), 10_000);
        for more in [10_001, i64::MAX] {
            assert!(basis_points("rate", amount(more)).is_err(), "{more}");
        }
    }

    #[test]
    fn an_amount_can_be_paid_and_is_no_slip_of_the_hand() {
        let price = |minor, currency| priced("price", amount(minor), currency);
        let most = price(AMOUNT_MINOR_MAX, Currency::Ngn).unwrap();
        assert_eq!(most.to_string(), "1000000000.00");
        assert!(price(AMOUNT_MINOR_MAX + 1, Currency::Ngn).is_err());
        assert!(price(150, Currency::Ngn).is_ok());
        assert!(price(150, Currency::Xof).is_err());
        assert!(price(0, Currency::Ngn).is_ok());
        assert!(above_zero("price", amount(0)).is_err());
        assert!(above_zero("price", amount(1)).is_ok());
    }

    #[test]
    fn a_country_is_two_letters() {
        assert_eq!(country_of(" ng ").unwrap(), "NG");
        for no in ["", "N", "NGA", "N1", "ÑG", "Ñ"] {
            assert!(country_of(no).is_err(), "{no}");
        }
    }
}
