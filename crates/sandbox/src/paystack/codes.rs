//! Short names for things, as the vendor makes them.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use common::ids::new_id;

/// Letters of a code.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz234567";

/// The same for the same thing, in this process and the next.
#[must_use]
pub fn hash(thing: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

/// A number as a code of twelve letters; its lowest 60 bits count.
#[must_use]
pub fn code(number: u64) -> String {
    let letter = |place: u32| {
        let index = usize::try_from((number >> (5 * place)) & 31).unwrap_or_default();
        LETTERS.get(index..=index).unwrap_or_default()
    };
    (0..12).map(letter).collect()
}

/// A code that nobody can guess.
#[must_use]
pub fn random() -> String {
    // The lower half of an id is random, but for its two highest bits.
    let (_, lower) = new_id().as_u64_pair();
    code(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_short_and_differ() {
        assert_eq!(code(0), "aaaaaaaaaaaa");
        assert_eq!(code(31 + 32), "7baaaaaaaaaa");
        assert_eq!(random().len(), 12);
        assert_ne!(random(), random());
        assert_eq!(hash("ada"), hash("ada"));
    }
}
