//! Prices of products and of their variants.

use money::{Amount, Currency, Money, SignedAmount};

/// 100,000,000.00: beyond it a price is a slip of the hand.
const PRICE_MINOR_MAX: i64 = 10_000_000_000;

/// Why a price is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PriceError {
    /// More than anything costs.
    #[error("must be at most 100000000.00")]
    TooHigh,
    /// The currency has no coin for it.
    #[error("must be a whole amount in this currency")]
    NotPayable,
    /// The product's price and the difference together.
    #[error("must not take the price below zero")]
    BelowZero,
}

/// Checks a product's price.
pub(crate) fn check_price(price: Amount, currency: Currency) -> Result<Money, PriceError> {
    if price.minor() > PRICE_MINOR_MAX {
        return Err(PriceError::TooHigh);
    }
    if price.minor() % currency.step_minor() != 0 {
        return Err(PriceError::NotPayable);
    }
    Ok(price.in_currency(currency))
}

/// What a variant costs: its product's price and its own difference.
pub(crate) fn price_of(product: Money, delta: SignedAmount) -> Result<Amount, PriceError> {
    let minor = product.minor().saturating_add(delta.minor());
    if minor > PRICE_MINOR_MAX {
        return Err(PriceError::TooHigh);
    }
    if minor % product.currency().step_minor() != 0 {
        return Err(PriceError::NotPayable);
    }
    Amount::try_from_minor(minor).map_err(|_negative| PriceError::BelowZero)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(minor: i64) -> Amount {
        Amount::try_from_minor(minor).unwrap()
    }

    #[test]
    fn a_price_is_payable_in_its_currency() {
        assert!(check_price(amount(1_550), Currency::Ngn).is_ok());
        assert_eq!(
            check_price(amount(1_550), Currency::Xof),
            Err(PriceError::NotPayable)
        );
        assert_eq!(
            check_price(amount(PRICE_MINOR_MAX + 1), Currency::Ngn),
            Err(PriceError::TooHigh)
        );
    }

    #[test]
    fn a_variant_may_be_free_and_never_less() {
        let product = Money::from_minor(1_000, Currency::Ngn);
        let price = |delta| price_of(product, SignedAmount::from_minor(delta));
        assert_eq!(price(-1_000), Ok(amount(0)));
        assert_eq!(price(500), Ok(amount(1_500)));
        assert_eq!(price(-1_001), Err(PriceError::BelowZero));
        assert_eq!(price(i64::MAX), Err(PriceError::TooHigh));
    }
}
