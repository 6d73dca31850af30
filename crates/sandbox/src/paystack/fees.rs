//! What the vendor keeps of a payment.
//!
//! The Nigerian price is the published one: 1.5 % and 100 naira, of which the 100 are waived under 2,500 naira, together
//! at most 2,000. The others are rounded to what the price lists of those countries say; they vary by channel there, and
//! do not here.

use money::Currency;

/// A price: so many hundredths of a percent and a fixed part, in subunits.
struct Price {
    basis_points: i64,
    fixed: i64,
    /// Below this amount there is no fixed part.
    fixed_from: i64,
    most: i64,
}

/// The fees of a payment, in subunits, rounded up to what can be paid; never more than the payment.
#[must_use]
pub fn fees(amount: i64, currency: Currency) -> i64 {
    let price = price(currency);
    // Amounts are bounded far below where this could overflow.
    let share = (amount * price.basis_points + 9_999) / 10_000;
    let fixed = if amount < price.fixed_from {
        0
    } else {
        price.fixed
    };
    let step = currency.step_minor();
    let total = (share + fixed).min(price.most);
    let rounded = (total + step - 1) / step * step;
    rounded.min(amount)
}

fn price(currency: Currency) -> Price {
    let of = |basis_points| Price {
        basis_points,
        fixed: 0,
        fixed_from: 0,
        most: i64::MAX / 2,
    };
    match currency {
        Currency::Ngn => Price {
            fixed: 10_000,
            fixed_from: 250_000,
            most: 200_000,
            ..of(150)
        },
        Currency::Ghs => of(195),
        Currency::Kes => of(290),
        Currency::Zar => Price {
            fixed: 100,
            ..of(290)
        },
        Currency::Usd => of(390),
        Currency::Xof => of(320),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nigerian_price() {
        for (naira, expected) in [
            (100, 150),
            (2_499, 3_749),
            (2_500, 13_750),
            (10_000, 25_000),
            (126_666, 199_999),
            (126_667, 200_000),
            (5_000_000, 200_000),
        ] {
            assert_eq!(fees(naira * 100, Currency::Ngn), expected, "{naira}");
        }
    }

    #[test]
    fn a_fee_can_be_paid_and_is_never_more_than_the_payment() {
        assert_eq!(fees(10_000, Currency::Xof), 400);
        assert_eq!(fees(50, Currency::Zar), 50);
        assert_eq!(fees(1, Currency::Ghs), 1);
    }
}
