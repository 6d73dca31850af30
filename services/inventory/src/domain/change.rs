//! Changing what is on hand, by staff.

/// How a number is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// There are so many.
    Set,
    /// So many came.
    Increment,
    /// So many are gone.
    Decrement,
}

/// The most of one variant.
pub(crate) const ON_HAND_MAX: i64 = 1_000_000_000;

/// Why stock is not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChangeError {
    /// Fewer than are promised to buyers.
    #[error("{reserved} are reserved, so there cannot be fewer on hand")]
    BelowReserved {
        /// Promised.
        reserved: i64,
    },
    /// Fewer than none.
    #[error("only {on_hand} are on hand")]
    BelowZero {
        /// There are.
        on_hand: i64,
    },
    /// More than can be counted.
    #[error("there cannot be more than {ON_HAND_MAX} on hand")]
    TooMany,
}

/// By how much what is on hand changes; zero if it is right already.
pub(crate) fn delta(
    on_hand: i64,
    reserved: i64,
    operation: Operation,
    quantity: i64,
) -> Result<i64, ChangeError> {
    let after = match operation {
        Operation::Set => Some(quantity),
        Operation::Increment => on_hand.checked_add(quantity),
        Operation::Decrement => on_hand.checked_sub(quantity),
    };
    match after {
        Some(after) if after < 0 => Err(ChangeError::BelowZero { on_hand }),
        Some(after) if after < reserved => Err(ChangeError::BelowReserved { reserved }),
        Some(after) if after <= ON_HAND_MAX => Ok(after - on_hand),
        _ => Err(ChangeError::TooMany),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stock_is_set_raised_and_lowered_within_its_bounds() {
        use Operation::{Decrement, Increment, Set};
        assert_eq!(delta(10, 3, Set, 3), Ok(-7));
        assert_eq!(delta(10, 3, Set, 10), Ok(0));
        assert_eq!(delta(10, 3, Increment, 5), Ok(5));
        assert_eq!(delta(10, 3, Decrement, 7), Ok(-7));
        assert_eq!(delta(10, 0, Decrement, 10), Ok(-10));
        assert_eq!(delta(10, 3, Set, ON_HAND_MAX), Ok(ON_HAND_MAX - 10));
        let below_reserved = Err(ChangeError::BelowReserved { reserved: 3 });
        assert_eq!(delta(10, 3, Set, 2), below_reserved);
        assert_eq!(delta(10, 3, Decrement, 8), below_reserved);
        let below_zero = Err(ChangeError::BelowZero { on_hand: 10 });
        assert_eq!(delta(10, 3, Decrement, 11), below_zero);
        assert_eq!(delta(10, 3, Set, -1), below_zero);
        assert_eq!(
            delta(10, 3, Set, ON_HAND_MAX + 1),
            Err(ChangeError::TooMany)
        );
        assert_eq!(delta(10, 3, Increment, i64::MAX), Err(ChangeError::TooMany));
    }
}
