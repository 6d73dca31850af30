//! Time as a dependency, so that tests decide what time it is.

use chrono::{DateTime, SubsecRound, Utc};

/// Tells the time in UTC, cut to microseconds because PostgreSQL keeps no more: an answer made from memory and one
/// read back from the database then agree.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}
