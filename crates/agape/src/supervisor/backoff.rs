//! How long to wait before a dead service is started again.

use std::time::Duration;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A service that ran this long was fine; its next death is a first one again.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);

/// Pauses between starts: none at first, then doubling.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    next: Duration,
}

impl Backoff {
    /// The pause after a life of this length.
    pub(super) fn pause_after(&mut self, life: Duration) -> Duration {
        if life >= HEALTHY_AFTER {
            self.next = Duration::ZERO;
        }
        let pause = self.next;
        self.next = (pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_restart_is_immediate_and_the_others_wait_longer_and_longer() {
        let mut backoff = Backoff::default();
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
        let mut backoff = Backoff::default();
        for _ in 0..5 {
            backoff.pause_after(Duration::from_secs(1));
        }
        assert_eq!(backoff.pause_after(HEALTHY_AFTER), Duration::ZERO);
        assert_eq!(backoff.pause_after(Duration::from_secs(1)), FIRST_PAUSE);
    }
}
