//! How fast the provider is asked: evenly spaced, and not at all while it wants to hear nothing.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The pace of one process. With several processes, each gets its share of the provider's limit by setting.
#[derive(Debug)]
pub(crate) struct Pace {
    every: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When the next request may go out.
    next: Instant,
    /// Until when nothing may.
    silent_until: Instant,
}

impl Pace {
    /// At most so many requests a second, with equal distances: a burst that fits into one second of ours may stand in
    /// one and a half of the provider's.
    pub(crate) fn per_second(rate: u32) -> Self {
        let now = Instant::now();
        Self {
            every: Duration::from_secs(1) / rate.max(1),
            state: Mutex::new(State {
                next: now,
                silent_until: now,
            }),
        }
    }

    /// How many turns there are in a time.
    pub(crate) fn turns_in(&self, time: Duration) -> usize {
        let turns = time.as_nanos() / self.every.as_nanos().max(1);
        usize::try_from(turns).unwrap_or(usize::MAX)
    }

    /// Waits for a turn of one's own, at most as long as `patience`; otherwise says how long it would have been.
    pub(crate) async fn take_turn(&self, patience: Duration) -> Result<(), Duration> {
        let deadline = Instant::now() + patience;
        loop {
            let turn = self.reserve(deadline)?;
            sleep_until(turn).await;
            // Silence may have been asked for in the meantime.
            if self.silence().is_none() {
                return Ok(());
            }
        }
    }

    /// How long nothing may be sent, if so.
    pub(crate) fn silence(&self) -> Option<Duration> {
        let left = self
            .lock()
            .silent_until
            .saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Nothing is sent for so long; a longer silence that was asked for before stays.
    pub(crate) fn be_silent(&self, duration: Duration) {
        let until = Instant::now() + duration;
        let mut state = self.lock();
        state.silent_until = state.silent_until.max(until);
    }

    fn reserve(&self, deadline: Instant) -> Result<Instant, Duration> {
        let now = Instant::now();
        let mut state = self.lock();
        let turn = state.next.max(state.silent_until).max(now);
        if turn > deadline {
            return Err(turn - now);
        }
        state.next = turn + self.every;
        Ok(turn)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// Turns never come early; on a busy machine they may come late.
    #[tokio::test]
    async fn turns_come_at_equal_distances() {
        let pace = Pace::per_second(20);
        let start = Instant::now();
        for turn in 0..5_u32 {
            pace.take_turn(PATIENCE).await.unwrap();
            let earliest = Duration::from_millis(50) * turn;
            assert!(start.elapsed() >= earliest, "turn {turn} came early");
        }
    }

    #[tokio::test]
    async fn time_without_requests_is_not_saved_up() {
        let pace = Pace::per_second(10);
        tokio::time::sleep(Duration::from_millis(500)).await;
        let start = Instant::now();
        for _ in 0..3 {
            pace.take_turn(PATIENCE).await.unwrap();
        }
        assert!(start.elapsed() >= Duration::from_millis(200));
    }

    #[tokio::test]
    async fn silence_holds_also_for_whoever_waits_already() {
        let pace = Pace::per_second(5);
        pace.take_turn(PATIENCE).await.unwrap();
        let start = Instant::now();
        let waiting = pace.take_turn(PATIENCE);
        let silencing = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            pace.be_silent(Duration::from_millis(500));
            pace.be_silent(Duration::from_millis(10));
        };
        let (waited, ()) = tokio::join!(waiting, silencing);
        waited.unwrap();
        assert!(start.elapsed() >= Duration::from_millis(550));
    }

    #[tokio::test]
    async fn whoever_cannot_wait_that_long_is_told_and_takes_no_turn() {
        let pace = Pace::per_second(1);
        pace.be_silent(Duration::from_secs(60));
        assert!(
            pace.silence()
                .is_some_and(|left| left > Duration::from_secs(59))
        );
        for _ in 0..3 {
            let wait = pace.take_turn(PATIENCE).await.unwrap_err();
            assert!(wait > Duration::from_secs(59) && wait <= Duration::from_secs(60));
        }
    }
}
