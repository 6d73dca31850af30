//! What an order wants: each variant once.

use std::collections::BTreeMap;

use super::ids::VariantId;

/// The most lines of one order.
pub const LINES_MAX: usize = 100;

/// Quantities by variant, in the order in which rows are locked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lines(BTreeMap<VariantId, i64>);

/// Why this cannot be an order's content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinesError {
    /// Nothing is wanted.
    #[error("must hold at least one line")]
    Empty,
    /// Too many lines.
    #[error("must hold at most {LINES_MAX} lines")]
    TooMany,
    /// A quantity is no quantity.
    #[error("must be between 1 and {most}")]
    Quantity {
        /// Which line, from 0.
        line: usize,
        /// The most that one order may hold.
        most: i64,
    },
    /// More than one order may hold.
    #[error("must be at most {most} units in all")]
    Units {
        /// The most.
        most: i64,
    },
}

impl Lines {
    /// Merges lines of the same variant. `units_max` bounds what one order may want in all.
    pub fn parse(
        wanted: impl IntoIterator<Item = (VariantId, i64)>,
        units_max: i64,
    ) -> Result<Self, LinesError> {
        let mut lines = BTreeMap::new();
        let mut units = 0_i64;
        for (line, (variant, quantity)) in wanted.into_iter().enumerate() {
            if line >= LINES_MAX {
                return Err(LinesError::TooMany);
            }
            if !(1..=units_max).contains(&quantity) {
                return Err(LinesError::Quantity {
                    line,
                    most: units_max,
                });
            }
            // At most a hundred quantities of bounded size: no overflow.
            units += quantity;
            *lines.entry(variant).or_insert(0) += quantity;
        }
        match units {
            0 => Err(LinesError::Empty),
            units if units > units_max => Err(LinesError::Units { most: units_max }),
            _ => Ok(Self(lines)),
        }
    }

    /// Lines as they were stored.
    pub fn stored(rows: impl IntoIterator<Item = (VariantId, i64)>) -> Self {
        Self(rows.into_iter().collect())
    }

    /// Each variant and how many of it.
    pub fn iter(&self) -> impl Iterator<Item = (VariantId, i64)> + '_ {
        self.0
            .iter()
            .map(|(variant, quantity)| (*variant, *quantity))
    }

    /// The variants, sorted.
    pub fn variants(&self) -> impl Iterator<Item = VariantId> + '_ {
        self.0.keys().copied()
    }

    /// How many of all.
    pub fn units(&self) -> i64 {
        self.0.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn variant(number: u128) -> VariantId {
        VariantId(Uuid::from_u128(number))
    }

    #[test]
    fn lines_of_one_variant_are_merged() {
        let lines = Lines::parse([(variant(2), 1), (variant(1), 4), (variant(2), 2)], 10).unwrap();
        let all: Vec<_> = lines.iter().collect();
        assert_eq!(all, [(variant(1), 4), (variant(2), 3)]);
        assert_eq!(lines.units(), 7);
    }

    #[test]
    fn an_order_may_want_as_many_lines_and_units_as_are_allowed() {
        let most = (1..).map(variant).zip([1; LINES_MAX]);
        assert_eq!(Lines::parse(most, 100).unwrap().units(), 100);
    }

    #[test]
    fn what_was_stored_is_read_in_the_order_in_which_rows_are_locked() {
        let lines = Lines::stored([(variant(2), 3), (variant(1), 4)]);
        assert!(lines.iter().eq([(variant(1), 4), (variant(2), 3)]));
        assert!(lines.variants().eq([variant(1), variant(2)]));
    }

    #[test]
    fn nonsense_is_refused() {
        let of = |quantities: &[i64]| {
            let wanted = quantities.iter().map(|quantity| (variant(1), *quantity));
            Lines::parse(wanted, 10).unwrap_err()
        };
        assert_eq!(of(&[]), LinesError::Empty);
        assert_eq!(of(&[6, 5]), LinesError::Units { most: 10 });
        for bad in [0, -1, 11, i64::MAX, i64::MIN] {
            assert_eq!(of(&[1, bad]), LinesError::Quantity { line: 1, most: 10 });
        }
        assert_eq!(of(&[1; LINES_MAX + 1]), LinesError::TooMany);
    }
}
