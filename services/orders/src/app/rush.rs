//! Whether so many orders are paid that all else had better wait.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Orders that are settled together when more may wait behind them.
const MANY: usize = 32;
/// A rush is over so long after the last of them.
const OVER_AFTER: Duration = Duration::from_secs(1);

/// When many were settled together last: after the broker was away, or on a busy day.
#[derive(Debug, Default)]
pub(crate) struct Rush {
    last: Mutex<Option<Instant>>,
}

impl Rush {
    /// Notes how many are settled together.
    pub(crate) fn note(&self, together: usize, now: Instant) {
        if together >= MANY {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        }
    }

    /// Whether it goes on.
    pub(crate) fn is_on(&self, now: Instant) -> bool {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| now.saturating_duration_since(last) < OVER_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rush_begins_with_many_and_ends_by_itself() {
        let (rush, now) = (Rush::default(), Instant::now());
        rush.note(MANY - 1, now);
        assert!(!rush.is_on(now));
        rush.note(MANY, now);
        rush.note(1, now);
        assert!(rush.is_on(now));
        assert!(!rush.is_on(now + OVER_AFTER));
    }
}
