//! How many transactions of each state there are in each stretch of numbers, so that a list of one state need not look
//! at every transaction.

use std::collections::VecDeque;

use super::transaction::Status;

/// The length of a stretch.
pub const STRETCH: u64 = 1_024;

/// The counts, stretch by stretch.
#[derive(Debug)]
pub struct Tally {
    first: u64,
    counts: VecDeque<[usize; Status::COUNT]>,
}

impl Tally {
    /// No transactions, the first of which will have this number.
    #[must_use]
    pub fn new(first_id: u64) -> Self {
        Self {
            first: first_id / STRETCH,
            counts: VecDeque::new(),
        }
    }

    /// A transaction has this state now.
    pub fn add(&mut self, id: u64, status: Status) {
        let Some(place) = self.place(id) else { return };
        while self.counts.len() <= place {
            self.counts.push_back([0; Status::COUNT]);
        }
        if let Some(count) = self.count_mut(place, status) {
            *count += 1;
        }
    }

    /// A transaction has this state no longer.
    pub fn remove(&mut self, id: u64, status: Status) {
        let Some(place) = self.place(id) else { return };
        if let Some(count) = self.count_mut(place, status) {
            *count = count.saturating_sub(1);
        }
    }

    /// Forgets the stretches before the one of this transaction, which is the oldest that is kept.
    pub fn forget_before(&mut self, id: u64) {
        while self.first < id / STRETCH && self.counts.pop_front().is_some() {
            self.first += 1;
        }
    }

    /// How many of a state there are in the stretch of this transaction.
    #[must_use]
    pub fn count(&self, id: u64, status: Status) -> usize {
        let stretch = self.place(id).and_then(|place| self.counts.get(place));
        let count = stretch.and_then(|counts| counts.get(status.index()));
        count.copied().unwrap_or_default()
    }

    fn place(&self, id: u64) -> Option<usize> {
        usize::try_from((id / STRETCH).checked_sub(self.first)?).ok()
    }

    fn count_mut(&mut self, place: usize, status: Status) -> Option<&mut usize> {
        self.counts.get_mut(place)?.get_mut(status.index())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stretch_has_its_counts() {
        let mut tally = Tally::new(STRETCH + 5);
        tally.add(STRETCH + 5, Status::Success);
        tally.add(STRETCH + 6, Status::Success);
        tally.add(3 * STRETCH, Status::Success);
        tally.remove(STRETCH + 6, Status::Success);
        tally.add(STRETCH + 6, Status::Reversed);
        assert_eq!(tally.count(STRETCH + 9, Status::Success), 1);
        assert_eq!(tally.count(STRETCH + 9, Status::Reversed), 1);
        assert_eq!(tally.count(2 * STRETCH, Status::Success), 0);
        assert_eq!(tally.count(3 * STRETCH + 1, Status::Success), 1);
        tally.forget_before(3 * STRETCH);
        assert_eq!(tally.count(STRETCH + 9, Status::Success), 0);
        assert_eq!(tally.count(3 * STRETCH, Status::Success), 1);
    }
}
