//! Hundredths in and out of `NUMERIC(14,2)`, also of currencies that are none of the shop's.

use bigdecimal::BigDecimal;
use diesel::QueryResult;
use diesel::result::Error;
use money::{Currency, Money};

/// The decimal that is so many hundredths. The currency has no part in that.
pub(super) fn decimal(minor: i64) -> QueryResult<BigDecimal> {
    Money::from_minor(minor, Currency::Ngn)
        .to_decimal()
        .map_err(|error| Error::SerializationError(Box::new(error)))
}

/// How many hundredths a decimal is.
pub(super) fn minor(decimal: &BigDecimal) -> QueryResult<i64> {
    Money::from_decimal(decimal, Currency::Ngn)
        .map(Money::minor)
        .map_err(|error| Error::DeserializationError(Box::new(error)))
}
