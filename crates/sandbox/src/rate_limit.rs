//! So many requests per window, for a whole account.

use chrono::{DateTime, TimeDelta, Utc};

/// Counts the requests of the running window.
#[derive(Debug)]
pub struct RateLimit {
    limit: u32,
    window: TimeDelta,
    began: DateTime<Utc>,
    used: u32,
}

/// Where the account stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Requests per window.
    pub limit: u32,
    /// What is left of them.
    pub remaining: u32,
    /// Seconds until a new window, rounded up.
    pub reset_secs: u32,
    /// Whether this request is one too many.
    pub is_exceeded: bool,
}

impl RateLimit {
    /// A limit of so many requests per window.
    #[must_use]
    pub fn new(limit: u32, window: TimeDelta) -> Self {
        Self {
            limit,
            window,
            began: DateTime::UNIX_EPOCH,
            used: 0,
        }
    }

    /// Counts a request.
    pub fn hit(&mut self, now: DateTime<Utc>) -> Standing {
        // A clock that was turned back must not stretch a window.
        if now >= self.began + self.window || now < self.began {
            self.began = now;
            self.used = 0;
        }
        let is_exceeded = self.used >= self.limit;
        if !is_exceeded {
            self.used += 1;
        }
        let left = self.began + self.window - now;
        let left_secs = (left + TimeDelta::milliseconds(999)).num_seconds();
        Standing {
            limit: self.limit,
            remaining: self.limit - self.used,
            reset_secs: u32::try_from(left_secs).unwrap_or(1).max(1),
            is_exceeded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_the_limit_and_the_next_one_again() {
        let mut limit = RateLimit::new(2, TimeDelta::seconds(1));
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let hits = [0, 10, 999, 1000].map(|ms| limit.hit(now + TimeDelta::milliseconds(ms)));
        assert_eq!(hits.map(|hit| hit.is_exceeded), [false, false, true, false]);
        assert_eq!(hits.map(|hit| hit.remaining), [1, 0, 0, 1]);
        assert_eq!(hits.map(|hit| hit.reset_secs), [1, 1, 1, 1]);
    }

    #[test]
    fn the_end_of_a_window_comes_nearer() {
        let mut limit = RateLimit::new(9, TimeDelta::seconds(60));
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let hits = [0, 1, 59_001].map(|ms| limit.hit(now + TimeDelta::milliseconds(ms)));
        assert_eq!(hits.map(|hit| hit.reset_secs), [60, 60, 1]);
    }
}
