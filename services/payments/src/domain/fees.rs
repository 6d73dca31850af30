//! What the provider takes for itself, and who bears it.

use std::str::FromStr;

/// Who bears the provider's fees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeeBearer {
    /// The shop: the buyer pays what is due, and less of it reaches the shop.
    Shop,
    /// The buyer: the provider adds its fees to what is due.
    Buyer,
}

/// The text names nobody who bears fees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be shop or buyer")]
pub struct UnknownBearer;

impl FromStr for FeeBearer {
    type Err = UnknownBearer;

    fn from_str(text: &str) -> Result<Self, UnknownBearer> {
        match text {
            "shop" => Ok(Self::Shop),
            "buyer" => Ok(Self::Buyer),
            _ => Err(UnknownBearer),
        }
    }
}

impl FeeBearer {
    /// Whether the buyer paid what was due. `requested` is what the provider was asked for, by its own account.
    pub fn is_paid_in_full(self, due: i64, paid: i64, requested: Option<i64>) -> bool {
        match self {
            Self::Shop => paid == due,
            Self::Buyer => requested.unwrap_or(paid) == due && paid >= due,
        }
    }
}

/// The fees as far as they can be believed: never less than nothing, never more than was paid.
pub fn believable(fees: Option<i64>, paid: i64) -> Option<i64> {
    fees.filter(|fees| (0..=paid).contains(fees))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_shop_or_the_buyer_bears_fees() {
        assert_eq!("shop".parse(), Ok(FeeBearer::Shop));
        assert_eq!("buyer".parse(), Ok(FeeBearer::Buyer));
        assert_eq!("bank".parse::<FeeBearer>(), Err(UnknownBearer));
    }

    #[test]
    fn without_surcharge_exactly_what_is_due_is_paid() {
        for (paid, requested, is_full) in [
            (30_050, Some(30_050), true),
            (30_050, None, true),
            (40_333, Some(30_050), false),
            (30_049, Some(30_050), false),
        ] {
            let found = FeeBearer::Shop.is_paid_in_full(30_050, paid, requested);
            assert_eq!(found, is_full, "{paid} {requested:?}");
        }
    }

    #[test]
    fn with_surcharge_what_was_asked_for_is_compared() {
        for (paid, requested, is_full) in [
            (40_333, Some(30_050), true),
            (30_050, Some(30_050), true),
            (30_050, None, true),
            (40_333, None, false),
            (20_000, Some(30_050), false),
            (40_333, Some(40_333), false),
        ] {
            let found = FeeBearer::Buyer.is_paid_in_full(30_050, paid, requested);
            assert_eq!(found, is_full, "{paid} {requested:?}");
        }
    }

    #[test]
    fn absurd_fees_are_not_believed() {
        assert_eq!(believable(Some(1_950), 100_000), Some(1_950));
        assert_eq!(believable(Some(0), 100_000), Some(0));
        for absurd in [None, Some(-1), Some(100_001)] {
            assert_eq!(believable(absurd, 100_000), None);
        }
    }
}
