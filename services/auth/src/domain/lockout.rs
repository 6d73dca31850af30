//! When password guessing is cut short.

use std::time::Duration;

/// Failures in a row that lock password login.
pub(crate) const FAILURES_MAX: i32 = 5;

/// How long the lock holds; also how long failures are remembered when no more follow.
pub(crate) const LOCK: Duration = Duration::from_secs(15 * 60);

/// Whether a login attempt's password may be looked at. The attempt was counted as a failure beforehand, so that any
/// number of concurrent guesses cannot get more looks than one after another could.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It may.
    Checked,
    /// It may, and unless it is right the lock that was set beforehand stays.
    LastChance,
    /// Locked: even the right password is refused.
    Locked,
}

/// Judges the attempt that raised the count of failures to `failures`.
pub(crate) fn admission(failures: i32) -> Admission {
    match failures {
        ..FAILURES_MAX => Admission::Checked,
        FAILURES_MAX => Admission::LastChance,
        _ => Admission::Locked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_attempts_are_looked_at_and_the_fifth_may_lock() {
        let seen: Vec<Admission> = (1..=7).map(admission).collect();
        assert_eq!(seen[..4], [Admission::Checked; 4]);
        assert_eq!(seen[4], Admission::LastChance);
        assert_eq!(seen[5..], [Admission::Locked; 2]);
    }
}
