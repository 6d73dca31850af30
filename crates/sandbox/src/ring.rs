//! Rows with numbers that count up: found by number at once, forgotten from the oldest on.

use std::collections::VecDeque;
use std::ops::Range;

/// At most `most` rows, whose numbers follow each other without gaps.
#[derive(Debug)]
pub struct Ring<T> {
    most: usize,
    first: u64,
    rows: VecDeque<T>,
}

impl<T> Ring<T> {
    /// No rows; the first will have the number `first`.
    #[must_use]
    pub fn new(most: usize, first: u64) -> Self {
        Self {
            most: most.max(1),
            first,
            rows: VecDeque::new(),
        }
    }

    /// The number that the next row will have.
    #[must_use]
    pub fn next_id(&self) -> u64 {
        self.ids().end
    }

    /// The numbers of the rows that are kept.
    #[must_use]
    pub fn ids(&self) -> Range<u64> {
        self.first..self.first + count(self.rows.len())
    }

    /// Adds a row, and forgets the oldest if there are too many.
    pub fn push(&mut self, row: T) -> Option<T> {
        self.rows.push_back(row);
        (self.rows.len() > self.most)
            .then(|| self.remove_oldest())
            .flatten()
    }

    /// Forgets the oldest row.
    pub fn remove_oldest(&mut self) -> Option<T> {
        let row = self.rows.pop_front()?;
        self.first += 1;
        Some(row)
    }

    /// One row.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&T> {
        self.rows.get(self.place(id)?)
    }

    /// One row, to change.
    pub fn get_mut(&mut self, id: u64) -> Option<&mut T> {
        let place = self.place(id)?;
        self.rows.get_mut(place)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All rows, the newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &T> {
        self.rows.iter().rev()
    }

    /// The number of the first row for which `is_before` does not hold. It must hold for the rows before that one.
    #[must_use]
    pub fn partition(&self, is_before: impl FnMut(&T) -> bool) -> u64 {
        self.first + count(self.rows.partition_point(is_before))
    }

    fn place(&self, id: u64) -> Option<usize> {
        usize::try_from(id.checked_sub(self.first)?).ok()
    }
}

/// A length as a number of rows. No machine has more memory than `u64` can count.
fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_numbers_when_older_ones_go() {
        let mut ring = Ring::new(2, 10);
        assert_eq!(ring.push("a"), None);
        assert_eq!(ring.push("b"), None);
        assert_eq!(ring.push("c"), Some("a"));
        assert_eq!(ring.ids(), 11..13);
        assert_eq!(ring.next_id(), 13);
        assert_eq!([9, 10, 13].map(|id| ring.get(id)), [None; 3]);
        assert_eq!([11, 12].map(|id| ring.get(id)), [Some(&"b"), Some(&"c")]);
        assert_eq!(ring.newest_first().collect::<Vec<_>>(), [&"c", &"b"]);
    }

    #[test]
    fn the_first_row_of_a_time_is_found() {
        let mut ring = Ring::new(10, 100);
        for minute in [1, 2, 2, 5] {
            ring.push(minute);
        }
        assert_eq!(ring.partition(|minute| *minute < 2), 101);
        assert_eq!(ring.partition(|minute| *minute <= 2), 103);
        assert_eq!(ring.partition(|minute| *minute < 9), 104);
    }
}
