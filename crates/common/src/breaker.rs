//! A circuit breaker: after enough failures it refuses at once, then lets one probe through.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// When a breaker opens and for how long.
#[derive(Debug, Clone, Copy)]
pub struct BreakerSettings {
    /// Calls looked at.
    pub window: u32,
    /// Failures among them, in percent, that open it.
    pub failures_percent: u32,
    /// How long it stays open before one probe may pass.
    pub open_for: Duration,
}

impl Default for BreakerSettings {
    /// Half of 20 calls, open for 5 s.
    fn default() -> Self {
        Self {
            window: 20,
            failures_percent: 50,
            open_for: Duration::from_secs(5),
        }
    }
}

/// Guards the calls to one dependency.
#[derive(Debug)]
pub struct Breaker {
    settings: BreakerSettings,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Closed { calls: u32, failures: u32 },
    Open { until: Instant },
    Probing { since: Instant },
}

/// Refused without trying: the dependency failed too often just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the dependency failed too often just now")]
pub struct Refused;

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(settings: BreakerSettings) -> Self {
        Self {
            settings,
            state: Mutex::new(State::Closed {
                calls: 0,
                failures: 0,
            }),
        }
    }

    /// Asks to make a call; whoever may must report its outcome with [`Breaker::report`].
    ///
    /// # Errors
    /// [`Refused`] while open, or while another probe is on its way.
    pub fn try_pass(&self) -> Result<(), Refused> {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match *state {
            State::Closed { .. } => Ok(()),
            State::Open { until } if now < until => Err(Refused),
            // A probe whose outcome was never reported (its task was dropped) must not keep the breaker shut for ever.
            State::Probing { since } if now < since + self.settings.open_for => Err(Refused),
            State::Open { .. } | State::Probing { .. } => {
                *state = State::Probing { since: now };
                Ok(())
            }
        }
    }

    /// Tells how a call ended.
    pub fn report(&self, succeeded: bool) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let open = State::Open {
            until: Instant::now() + self.settings.open_for,
        };
        *state = match *state {
            State::Probing { .. } if succeeded => State::Closed {
                calls: 0,
                failures: 0,
            },
            State::Probing { .. } => open,
            State::Open { until } => State::Open { until },
            State::Closed { calls, failures } => {
                let (calls, failures) = (calls + 1, failures + u32::from(!succeeded));
                if failures * 100 >= self.settings.window * self.settings.failures_percent {
                    open
                } else if calls >= self.settings.window {
                    State::Closed {
                        calls: 0,
                        failures: 0,
                    }
                } else {
                    State::Closed { calls, failures }
                }
            }
        };
    }

    /// Whether calls are refused now.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(*state, State::Open { until } if Instant::now() < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quick() -> Breaker {
        Breaker::new(BreakerSettings {
            window: 10,
            failures_percent: 50,
            open_for: Duration::from_millis(20),
        })
    }

    #[test]
    fn half_of_the_calls_failing_opens_it() {
        let breaker = quick();
        for _ in 0..5 {
            assert_eq!(breaker.try_pass(), Ok(()));
            breaker.report(false);
        }
        assert_eq!(breaker.try_pass(), Err(Refused));
    }

    #[test]
    fn one_probe_passes_and_its_success_closes_it() {
        let breaker = quick();
        (0..5).for_each(|_| breaker.report(false));
        std::thread::sleep(Duration::from_millis(25));
        assert_eq!(breaker.try_pass(), Ok(()));
        assert_eq!(breaker.try_pass(), Err(Refused));
        breaker.report(true);
        assert_eq!(breaker.try_pass(), Ok(()));
    }

    #[test]
    fn few_failures_are_forgotten_with_the_window() {
        let breaker = quick();
        for round in 0..100 {
            breaker.report(round % 4 != 0);
        }
        assert!(!breaker.is_open());
    }
}
