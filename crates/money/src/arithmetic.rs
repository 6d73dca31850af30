//! Sums, products and shares; every one checked.

use std::cmp::Ordering;

use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};

use crate::{Currency, Money};

/// A hundred per cent in basis points.
const BASIS_POINTS: i128 = 10_000;

/// Why an operation has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result does not fit.
    #[error("the amount is too large")]
    Overflow,
    /// Amounts of different currencies have no sum, difference or order.
    #[error("{0} and {1} do not mix")]
    CurrencyMismatch(Currency, Currency),
    /// The amount is negative, or finer than the currency's coins.
    #[error("{0} cannot be paid")]
    NotPayable(Money),
    /// There is nothing to divide among.
    #[error("an amount cannot be split among weights that add up to nothing")]
    NoWeights,
}

impl Money {
    /// The sum of two amounts.
    ///
    /// # Errors
    /// Different currencies, or overflow.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with(self.minor.checked_add(other.minor))
    }

    /// The difference of two amounts, which may be negative.
    ///
    /// # Errors
    /// Different currencies, or overflow.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with(self.minor.checked_sub(other.minor))
    }

    /// The price of so many pieces.
    ///
    /// # Errors
    /// Overflow.
    pub fn times(self, quantity: u32) -> Result<Self, MoneyError> {
        self.with(self.minor.checked_mul(i64::from(quantity)))
    }

    /// The sum of many amounts; nothing in `currency` if there are none.
    ///
    /// # Errors
    /// A currency other than `currency` among them, or overflow.
    pub fn sum(
        currency: Currency,
        amounts: impl IntoIterator<Item = Self>,
    ) -> Result<Self, MoneyError> {
        amounts
            .into_iter()
            .try_fold(Self::zero(currency), Self::checked_add)
    }

    /// Which of two amounts is more.
    ///
    /// # Errors
    /// Different currencies.
    pub fn compare(self, other: Self) -> Result<Ordering, MoneyError> {
        self.same_currency(other)?;
        Ok(self.minor.cmp(&other.minor))
    }

    /// Rounded to what the currency's coins can make, halves away from zero.
    ///
    /// # Errors
    /// Overflow.
    pub fn round_to_step(self) -> Result<Self, MoneyError> {
        self.scale_rounded(1, 1)
    }

    /// A share in basis points (750 is 7.5 %), rounded to the currency's step, halves away from
    /// zero.
    ///
    /// # Errors
    /// Overflow.
    pub fn basis_points_rounded(self, basis_points: u32) -> Result<Self, MoneyError> {
        self.scale_rounded(i128::from(basis_points), BASIS_POINTS)
    }

    /// The share that an exact rate gives (0.075 is 7.5 %), rounded to the currency's step,
    /// halves away from zero.
    ///
    /// # Errors
    /// Overflow.
    pub fn at_rate_rounded(self, rate: &BigDecimal) -> Result<Self, MoneyError> {
        let step = self.currency.step_minor();
        let steps = BigDecimal::from(self.minor) * rate / BigDecimal::from(step);
        let steps = steps.with_scale_round(0, RoundingMode::HalfUp).to_i64();
        self.with(steps.and_then(|steps| steps.checked_mul(step)))
    }

    /// `self × numerator ÷ denominator`, rounded once, at the end.
    fn scale_rounded(self, numerator: i128, denominator: i128) -> Result<Self, MoneyError> {
        let step = i128::from(self.currency.step_minor());
        let dividend = i128::from(self.minor)
            .checked_mul(numerator)
            .ok_or(MoneyError::Overflow)?;
        let divisor = denominator.checked_mul(step).ok_or(MoneyError::Overflow)?;
        let rounded = div_half_away(dividend, divisor).and_then(|steps| steps.checked_mul(step));
        self.with(rounded.and_then(|minor| i64::try_from(minor).ok()))
    }

    fn with(self, minor: Option<i64>) -> Result<Self, MoneyError> {
        minor
            .map(|minor| Self::from_minor(minor, self.currency))
            .ok_or(MoneyError::Overflow)
    }

    pub(crate) fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch(self.currency, other.currency))
        }
    }
}

/// The quotient rounded to the nearest whole number, halves away from zero; the divisor is
/// positive.
fn div_half_away(dividend: i128, divisor: i128) -> Option<i128> {
    let (quotient, rest) = (
        dividend.checked_div(divisor)?,
        dividend.checked_rem(divisor)?,
    );
    // `rest` is smaller than the divisor in size, so doubling it cannot overflow here.
    let is_half_or_more = rest.checked_abs()?.checked_mul(2)? >= divisor;
    if is_half_or_more {
        quotient.checked_add(rest.signum())
    } else {
        Some(quotient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ngn(minor: i64) -> Money {
        Money::from_minor(minor, Currency::Ngn)
    }

    fn xof(minor: i64) -> Money {
        Money::from_minor(minor, Currency::Xof)
    }

    #[test]
    fn currencies_do_not_mix() {
        let mismatch = Err(MoneyError::CurrencyMismatch(Currency::Ngn, Currency::Xof));
        assert_eq!(ngn(1).checked_add(xof(1)), mismatch);
        assert_eq!(ngn(1).checked_sub(xof(1)), mismatch);
        assert!(ngn(1).compare(xof(1)).is_err());
        assert_eq!(Money::sum(Currency::Ngn, [ngn(1), xof(1)]), mismatch);
    }

    #[test]
    fn what_does_not_fit_is_refused_and_never_wraps() {
        assert_eq!(ngn(i64::MAX).checked_add(ngn(1)), Err(MoneyError::Overflow));
        assert_eq!(ngn(i64::MIN).checked_sub(ngn(1)), Err(MoneyError::Overflow));
        assert_eq!(ngn(i64::MAX).times(2), Err(MoneyError::Overflow));
        assert_eq!(
            ngn(i64::MAX).basis_points_rounded(10_001),
            Err(MoneyError::Overflow)
        );
        assert_eq!(xof(i64::MAX).round_to_step(), Ok(xof(i64::MAX - 7)));
    }

    #[test]
    fn halves_go_away_from_zero() {
        assert_eq!(ngn(10).basis_points_rounded(500), Ok(ngn(1)));
        assert_eq!(ngn(-10).basis_points_rounded(500), Ok(ngn(-1)));
        assert_eq!(ngn(9).basis_points_rounded(500), Ok(ngn(0)));
        // 7.5 % of 1,999.99 is 149.99925.
        assert_eq!(ngn(199_999).basis_points_rounded(750), Ok(ngn(15_000)));
    }

    #[test]
    fn francs_are_whole() {
        assert_eq!(xof(149).round_to_step(), Ok(xof(100)));
        assert_eq!(xof(150).round_to_step(), Ok(xof(200)));
        assert_eq!(xof(-150).round_to_step(), Ok(xof(-200)));
        assert_eq!(xof(100_100).basis_points_rounded(1_850), Ok(xof(18_500)));
    }

    proptest! {
        #[test]
        fn an_exact_rate_and_basis_points_agree(
            minor in -1_000_000_000_000_i64..1_000_000_000_000,
            basis_points in 0_u32..20_000,
            currency in proptest::sample::select(&Currency::ALL[..]),
        ) {
            let money = Money::from_minor(minor, currency);
            let rate = BigDecimal::from(basis_points) / BigDecimal::from(10_000);
            prop_assert_eq!(
                money.basis_points_rounded(basis_points),
                money.at_rate_rounded(&rate)
            );
        }

        #[test]
        fn a_rounded_amount_is_payable_and_within_half_a_step(
            minor in 0_i64..1_000_000_000_000,
            currency in proptest::sample::select(&Currency::ALL[..]),
        ) {
            let rounded = Money::from_minor(minor, currency).round_to_step().unwrap();
            prop_assert!(rounded.to_subunits().is_ok());
            prop_assert!(2 * (rounded.minor() - minor).abs() <= currency.step_minor());
        }

        #[test]
        fn subtracting_undoes_adding(a in any::<i64>(), b in any::<i64>()) {
            if let Ok(sum) = ngn(a).checked_add(ngn(b)) {
                prop_assert_eq!(sum.checked_sub(ngn(b)), Ok(ngn(a)));
            }
        }
    }
}
