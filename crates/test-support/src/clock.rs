//! A clock that stands still until it is told otherwise.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use common::clock::Clock;

/// A clock for tests; its clones tell the same time.
#[derive(Debug, Clone)]
pub struct FakeClock {
    now: Arc<Mutex<DateTime<Utc>>>,
}

impl FakeClock {
    /// A clock that stands at `now`.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self {
            now: Arc::new(Mutex::new(now)),
        }
    }

    /// A clock that stands at the machine's present moment, for tests in which something else,
    /// such as the database, goes by real time.
    pub fn at_real_time() -> Self {
        Self::at(common::clock::SystemClock.now())
    }

    /// Sets the time.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.lock() = now;
    }

    /// Lets time pass, or turns it back if `by` is negative.
    pub fn advance(&self, by: TimeDelta) {
        *self.lock() += by;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, DateTime<Utc>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for FakeClock {
    /// A clock that stands at noon on 15 January 2026, UTC.
    fn default() -> Self {
        Self::at(DateTime::from_timestamp(1_768_478_400, 0).unwrap())
    }
}

impl Clock for FakeClock {
    fn now(&self) -> DateTime<Utc> {
        *self.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_only_when_told_and_for_all_clones() {
        let clock = FakeClock::default();
        let clone = clock.clone();
        assert_eq!(clone.now().to_rfc3339(), "2026-01-15T12:00:00+00:00");
        clock.advance(TimeDelta::minutes(15));
        assert_eq!(clone.now().to_rfc3339(), "2026-01-15T12:15:00+00:00");
        clone.advance(TimeDelta::hours(-1));
        assert_eq!(clock.now().to_rfc3339(), "2026-01-15T11:15:00+00:00");
    }
}
