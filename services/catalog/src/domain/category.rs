//! The tree of categories.

use std::collections::HashMap;

use super::ids::CategoryId;

/// How many categories may stand above one.
const DEPTH_MAX: usize = 6;

/// Why a category cannot stand where it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PlacementError {
    /// It would stand below itself.
    #[error("must not stand below itself")]
    Cycle,
    /// There is no such category.
    #[error("is no category")]
    Unknown,
    /// The tree would be too deep.
    #[error("would stand too deep")]
    TooDeep,
}

/// Checks that a category may stand below `parent`, given each category's parent.
pub(crate) fn check_place(
    category: CategoryId,
    parent: CategoryId,
    parents: &HashMap<CategoryId, Option<CategoryId>>,
) -> Result<(), PlacementError> {
    let mut above = Some(parent);
    for _ in 0..DEPTH_MAX {
        let Some(here) = above else {
            return Ok(());
        };
        if here == category {
            return Err(PlacementError::Cycle);
        }
        above = *parents.get(&here).ok_or(PlacementError::Unknown)?;
    }
    if above.is_none() {
        Ok(())
    } else {
        Err(PlacementError::TooDeep)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(number: u128) -> CategoryId {
        CategoryId(Uuid::from_u128(number))
    }

    #[test]
    fn no_category_stands_below_itself() {
        let parents = HashMap::from([(id(1), None), (id(2), Some(id(1))), (id(3), Some(id(2)))]);
        assert_eq!(check_place(id(4), id(3), &parents), Ok(()));
        assert_eq!(
            check_place(id(1), id(3), &parents),
            Err(PlacementError::Cycle)
        );
        assert_eq!(
            check_place(id(2), id(2), &parents),
            Err(PlacementError::Cycle)
        );
        assert_eq!(
            check_place(id(2), id(9), &parents),
            Err(PlacementError::Unknown)
        );
    }

    #[test]
    fn the_tree_has_a_bottom() {
        let parents: HashMap<_, _> = (1..=7_u128)
            .map(|number| (id(number), (number > 1).then(|| id(number - 1))))
            .collect();
        assert_eq!(check_place(id(99), id(6), &parents), Ok(()));
        assert_eq!(
            check_place(id(99), id(7), &parents),
            Err(PlacementError::TooDeep)
        );
    }
}
