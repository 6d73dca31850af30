//! So many requests per second, for the whole account.

use chrono::{DateTime, TimeDelta, Utc};

/// The length of a window. The vendor's reset is in whole seconds, so it can be no shorter.
const WINDOW: TimeDelta = TimeDelta::seconds(1);

/// Counts the requests of the running window.
#[derive(Debug)]
pub struct RateLimit {
    limit: u32,
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
    /// A limit of so many requests per second.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        Self {
            limit,
            began: DateTime::UNIX_EPOCH,
            used: 0,
        }
    }

    /// Counts a request.
    pub fn hit(&mut self, now: DateTime<Utc>) -> Standing {
        // A clock that was turned back must not stretch a window.
        if now >= self.began + WINDOW || now < self.began {
            self.began = now;
            self.used = 0;
        }
        let is_exceeded = self.used >= self.limit;
        if !is_exceeded {
            self.used += 1;
        }
        Standing {
            limit: self.limit,
            remaining: self.limit - self.used,
            reset_secs: 1,
            is_exceeded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_the_limit_and_the_next_one_again() {
        let mut limit = RateLimit::new(2);
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let hits = [0, 10, 999, 1000].map(|ms| limit.hit(now + TimeDelta::milliseconds(ms)));
        assert_eq!(hits.map(|hit| hit.is_exceeded), [false, false, true, false]);
        assert_eq!(hits.map(|hit| hit.remaining), [1, 0, 0, 1]);
    }
}
