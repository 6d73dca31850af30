//! A map that forgets its oldest entries when it is full.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// At most `most` entries, in the order in which they came.
#[derive(Debug)]
pub struct Bounded<K, V> {
    most: usize,
    next: u64,
    entries: HashMap<K, (u64, V)>,
    order: BTreeMap<u64, K>,
}

impl<K: Hash + Eq + Clone, V> Bounded<K, V> {
    /// An empty map for `most` entries.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            most,
            next: 0,
            entries: HashMap::new(),
            order: BTreeMap::new(),
        }
    }

    /// Puts an entry at the end, in place of one with the same key, and forgets the oldest if there are too many.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.remove(&key);
        let place = self.next;
        self.next += 1;
        self.order.insert(place, key.clone());
        self.entries.insert(key, (place, value));
        (self.entries.len() > self.most)
            .then(|| self.remove_oldest())
            .flatten()
    }

    /// Forgets the oldest entry.
    pub fn remove_oldest(&mut self) -> Option<V> {
        let (_, key) = self.order.pop_first()?;
        self.entries.remove(&key).map(|(_, value)| value)
    }

    /// Forgets one entry.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let (place, value) = self.entries.remove(key)?;
        self.order.remove(&place);
        Some(value)
    }

    /// One entry.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    /// One entry, to change.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|(_, value)| value)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All entries, the newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = (&K, &V)> {
        self.order
            .values()
            .rev()
            .filter_map(|key| self.get(key).map(|value| (key, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entry_goes_first() {
        let mut map = Bounded::new(2);
        assert_eq!(map.insert("a", 1), None);
        assert_eq!(map.insert("b", 2), None);
        assert_eq!(map.insert("c", 3), Some(1));
        assert_eq!(map.get(&"a"), None);
        let all: Vec<_> = map.newest_first().collect();
        assert_eq!(all, [(&"c", &3), (&"b", &2)]);
    }

    #[test]
    fn an_entry_that_is_put_again_is_the_newest() {
        let mut map = Bounded::new(2);
        map.insert("a", 1);
        map.insert("b", 2);
        assert_eq!(map.insert("a", 3), None);
        assert_eq!(map.insert("c", 4), Some(2));
        assert_eq!(map.len(), 2);
        assert_eq!(map.remove(&"a"), Some(3));
        assert_eq!(map.remove_oldest(), Some(4));
        assert!(map.is_empty());
    }
}
