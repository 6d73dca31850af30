//! What is wanted: each variant once, in bounded numbers.

use std::collections::BTreeMap;

/// Of one variant, in one order.
pub(crate) const QUANTITY_MAX: u32 = 1_000;
/// Lines of one order.
pub(crate) const LINES_MAX: usize = 100;

/// Why wants are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WantError {
    /// An order of nothing.
    #[error("must name at least one item")]
    Empty,
    /// More lines than one order may have.
    #[error("must name at most {LINES_MAX} items")]
    TooMany,
    /// Too much of one thing, counted over all its lines.
    #[error("must be between 1 and {QUANTITY_MAX}")]
    Quantity {
        /// The line that it becomes too much with.
        line: usize,
    },
}

/// Merges lines of the same thing, in their order of first appearance within the key's order.
///
/// # Errors
/// [`WantError`].
pub(crate) fn merge<K: Ord + Copy>(
    wanted: impl IntoIterator<Item = (K, u32)>,
) -> Result<Vec<(K, u32)>, WantError> {
    let mut places: BTreeMap<K, usize> = BTreeMap::new();
    let mut merged: Vec<(K, u32)> = Vec::new();
    for (line, (key, quantity)) in wanted.into_iter().enumerate() {
        let place = *places.entry(key).or_insert(merged.len());
        let so_far = merged.get(place).map_or(0, |(_, quantity)| *quantity);
        let sum = so_far.saturating_add(quantity);
        if quantity == 0 || sum > QUANTITY_MAX {
            return Err(WantError::Quantity { line });
        }
        match merged.get_mut(place) {
            Some(known) => known.1 = sum,
            None => merged.push((key, sum)),
        }
    }
    match merged.len() {
        0 => Err(WantError::Empty),
        count if count > LINES_MAX => Err(WantError::TooMany),
        _ => Ok(merged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_same_thing_are_one() {
        assert_eq!(merge([(7, 1), (3, 2), (7, 4)]), Ok(vec![(7, 5), (3, 2)]));
    }

    #[test]
    fn numbers_are_bounded_over_all_lines() {
        assert_eq!(merge::<u8>([]), Err(WantError::Empty));
        assert_eq!(merge([(1, 0)]), Err(WantError::Quantity { line: 0 }));
        assert_eq!(merge([(1, 1_001)]), Err(WantError::Quantity { line: 0 }));
        assert_eq!(
            merge([(1, 600), (2, 1), (1, 401)]),
            Err(WantError::Quantity { line: 2 })
        );
        assert_eq!(
            merge([(1, u32::MAX), (1, 1)]),
            Err(WantError::Quantity { line: 0 })
        );
        assert!(merge([(1, 600), (1, 400)]).is_ok());
        assert_eq!(merge((0..101).map(|key| (key, 1))), Err(WantError::TooMany));
    }
}
