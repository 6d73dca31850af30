//! How long to wait before a dead service is started again.

use std::time::Duration;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause, unless the person wants another.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A service that ran this long was fine; its next death is a first one again.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);

/// Pauses between starts: none at first, then doubling.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    /// No pause first, and none that is longer than this.
    pub(super) fn up_to(longest: Duration) -> Self {
        Self {
            next: Duration::ZERO,
            longest,
        }
    }

    /// The pause after a life of this length.
    pub(super) fn pause_after(&mut self, life: Duration) -> Duration {
        if life >= HEALTHY_AFTER {
            self.next = Duration::ZERO;
        }
        let pause = self.next;
        self.next = (pause * 2).max(FIRST_PAUSE).min(self.longest);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_restart_is_immediate_and_the_others_wait_longer_and_longer() {
        let mut backoff = Backoff::up_to(LONGEST_PAUSE);
        let pauses: Vec<u128> = (0..9)
            .map(|_| backoff.pause_after(Duration::ZERO).as_millis())
            .collect();
        assert_eq!(
            pauses,
            [0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]
        );
    }

    #[test]
    fn a_healthy_minute_is_a_new_beginning() {
        let mut backoff = Backoff::up_to(LONGEST_PAUSE);
        for _ in 0..5 {
            backoff.pause_after(Duration::from_secs(1));
        }
        assert_eq!(backoff.pause_after(HEALTHY_AFTER), Duration::ZERO);
        assert_eq!(backoff.pause_after(Duration::from_secs(1)), FIRST_PAUSE);
    }

    #[test]
    fn no_pause_is_longer_than_the_person_wants() {
        let longest = Duration::from_millis(200);
        let mut backoff = Backoff::up_to(longest);
        assert_eq!(backoff.pause_after(Duration::ZERO), Duration::ZERO);
        assert_eq!(backoff.pause_after(Duration::ZERO), longest);
    }
}
