//! The way into and out of `NUMERIC(14,2)`.

use bigdecimal::num_bigint::BigInt;
use bigdecimal::{BigDecimal, ToPrimitive};

use crate::{Currency, Money};

/// The largest amount that `NUMERIC(14,2)` holds, in hundredths.
const NUMERIC_MAX_MINOR: u64 = 99_999_999_999_999;

/// Why a decimal is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// More than two decimals.
    #[error("an amount has at most two decimals")]
    TooFine,
    /// More than 12 digits before the point.
    #[error("the amount is too large")]
    TooLarge,
}

impl Money {
    /// The money that a decimal of at most two decimals stands for; `1.500` is `1.50`.
    ///
    /// # Errors
    /// See [`DecimalError`].
    pub fn from_decimal(decimal: &BigDecimal, currency: Currency) -> Result<Self, DecimalError> {
        let normalized = decimal.normalized();
        let (_, scale) = normalized.as_bigint_and_exponent();
        if scale > 2 {
            return Err(DecimalError::TooFine);
        }
        // A huge exponent would make a huge number; its size is known without making it.
        if scale < -12 {
            return Err(DecimalError::TooLarge);
        }
        let (minor, _) = normalized.with_scale(2).into_bigint_and_exponent();
        let minor = minor
            .to_i64()
            .filter(|minor| minor.unsigned_abs() <= NUMERIC_MAX_MINOR);
        Ok(Self::from_minor(
            minor.ok_or(DecimalError::TooLarge)?,
            currency,
        ))
    }

    /// The amount with two decimals, for a column of type `NUMERIC(14,2)`.
    ///
    /// # Errors
    /// [`DecimalError::TooLarge`] if the column does not hold it.
    pub fn to_decimal(self) -> Result<BigDecimal, DecimalError> {
        if self.minor().unsigned_abs() > NUMERIC_MAX_MINOR {
            return Err(DecimalError::TooLarge);
        }
        Ok(BigDecimal::new(BigInt::from(self.minor()), 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<i64, DecimalError> {
        Money::from_decimal(&text.parse().unwrap(), Currency::Ngn).map(Money::minor)
    }

    #[test]
    fn only_two_decimals_and_twelve_digits_are_an_amount() {
        assert_eq!(read("1.5"), Ok(150));
        assert_eq!(read("1.500"), Ok(150));
        assert_eq!(read("-0.01"), Ok(-1));
        assert_eq!(read("1e3"), Ok(100_000));
        assert_eq!(read("0.001"), Err(DecimalError::TooFine));
        assert_eq!(read("999999999999.99"), Ok(99_999_999_999_999));
        assert_eq!(read("1000000000000"), Err(DecimalError::TooLarge));
        assert_eq!(read("1e999999999"), Err(DecimalError::TooLarge));
        assert_eq!(read("1e-999999999"), Err(DecimalError::TooFine));
    }

    #[test]
    fn what_the_column_does_not_hold_is_refused() {
        let most = Money::from_minor(99_999_999_999_999, Currency::Ngn);
        assert_eq!(most.to_decimal().unwrap().to_string(), "999999999999.99");
        let more = Money::from_minor(100_000_000_000_000, Currency::Ngn);
        assert_eq!(more.to_decimal(), Err(DecimalError::TooLarge));
    }

    proptest! {
        #[test]
        fn a_column_gives_back_what_it_got(minor in -99_999_999_999_999_i64..=99_999_999_999_999) {
            let money = Money::from_minor(minor, Currency::Kes);
            let decimal = money.to_decimal().unwrap();
            prop_assert_eq!(Money::from_decimal(&decimal, Currency::Kes), Ok(money));
        }
    }
}
