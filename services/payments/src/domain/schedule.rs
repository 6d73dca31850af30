//! When something is tried or looked at again.

use std::time::Duration;

use chrono::TimeDelta;

/// The pause after the first failure; each one more doubles it.
const RETRY_FIRST: Duration = Duration::from_secs(1);
/// The longest pause between two attempts.
const RETRY_MOST: Duration = Duration::from_secs(5 * 60);
/// For so long a payment that can be paid is looked at as often as it was at first.
const ATTENTIVE: TimeDelta = TimeDelta::minutes(10);
/// The longest pause between two looks at a payment that can be paid.
const OPEN_MOST: TimeDelta = TimeDelta::minutes(5);
/// The longest pause between two looks at anything else.
const OTHER_MOST: TimeDelta = TimeDelta::hours(1);
/// A payment that came to nothing is looked at for so long: as long as the provider repeats what it tells.
pub(crate) const WATCHED_FOR: TimeDelta = TimeDelta::hours(72);
/// The pause before a refund of the system's own that failed is made again; each failure more doubles it.
const REFUND_AGAIN: TimeDelta = TimeDelta::hours(1);
/// The longest of these pauses.
const REFUND_AGAIN_MOST: TimeDelta = TimeDelta::hours(24);
/// A refund of the system's own that failed so often is left to people.
const REFUND_FAILURES_MOST: u32 = 10;
/// For so long after a question whose outcome nobody knows the provider may still be at it, without showing what it is at.
pub(crate) const UNSEEN_FOR: TimeDelta = TimeDelta::minutes(3);

/// The pause before the next attempt: doubled each time, and spread so that what failed together does not come back together.
/// `jitter` is anything from 0 to 1.
pub(crate) fn backoff(attempts: u32, jitter: f64) -> TimeDelta {
    let doublings = attempts.saturating_sub(1).min(16);
    let pause = RETRY_FIRST.saturating_mul(1 << doublings).min(RETRY_MOST);
    let spread = pause.mul_f64(0.75) + pause.mul_f64(0.5 * jitter.clamp(0.0, 1.0));
    TimeDelta::from_std(spread).unwrap_or(TimeDelta::minutes(5))
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watched {
    /// A payment that somebody may be about to pay.
    Open,
    /// A payment that came to nothing, or whose place another took.
    Ended,
    /// A capture with refunds on their way.
    Refunding,
}

/// How long until the next look, when there were so many; none when there is nothing more to see. `age` is that of the payment,
/// `every` the pause before the first look.
pub(crate) fn next_look(
    watched: Watched,
    age: TimeDelta,
    looks: u32,
    every: TimeDelta,
) -> Option<TimeDelta> {
    let doubled = |most: TimeDelta| {
        let factor = 1_i32 << looks.min(10);
        every
            .checked_mul(factor)
            .map_or(most, |pause| pause.min(most))
    };
    match watched {
        Watched::Open if age < ATTENTIVE => Some(every),
        Watched::Open => Some(doubled(OPEN_MOST.max(every))),
        Watched::Ended if age >= WATCHED_FOR => None,
        Watched::Ended | Watched::Refunding => Some(doubled(OTHER_MOST)),
    }
}

/// How long until the system makes a refund again that failed so many times; none when that is left to people.
pub(crate) fn refund_again(failures: u32) -> Option<TimeDelta> {
    if failures >= REFUND_FAILURES_MOST {
        return None;
    }
    let factor = 1_i32 << failures.saturating_sub(1).min(10);
    let pause = REFUND_AGAIN.checked_mul(factor);
    Some(pause.map_or(REFUND_AGAIN_MOST, |pause| pause.min(REFUND_AGAIN_MOST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: TimeDelta = TimeDelta::seconds(60);

    #[test]
    fn pauses_grow_to_five_minutes_and_are_spread() {
        let pauses = |jitter: f64| {
            [1, 2, 3, 5, 9, 10, 1_000].map(|attempts| backoff(attempts, jitter).num_milliseconds())
        };
        assert_eq!(
            pauses(0.5),
            [1_000, 2_000, 4_000, 16_000, 256_000, 300_000, 300_000]
        );
        assert_eq!(pauses(0.0)[5], 225_000);
        assert_eq!(pauses(1.0)[5], 375_000);
        assert_eq!(backoff(0, 0.5), TimeDelta::seconds(1));
    }

    #[test]
    fn what_can_be_paid_is_looked_at_each_minute_and_later_less_often() {
        let look = |minutes, looks| {
            let age = TimeDelta::minutes(minutes);
            next_look(Watched::Open, age, looks, MINUTE).unwrap()
        };
        assert_eq!(look(0, 0), MINUTE);
        assert_eq!(look(9, 9), MINUTE);
        assert_eq!(look(10, 1), MINUTE * 2);
        assert_eq!(look(11, 1), MINUTE * 2);
        assert_eq!(look(11, 11), MINUTE * 5);
        assert_eq!(look(100_000, u32::MAX), MINUTE * 5);
    }

    #[test]
    fn what_came_to_nothing_is_watched_for_three_days() {
        let look = |hours, looks| next_look(Watched::Ended, TimeDelta::hours(hours), looks, MINUTE);
        assert_eq!(look(0, 0), Some(MINUTE));
        assert_eq!(look(1, 3), Some(MINUTE * 8));
        assert_eq!(look(71, 20), Some(TimeDelta::hours(1)));
        assert_eq!(look(72, 20), None);
        let refunding = next_look(Watched::Refunding, TimeDelta::days(20), 40, MINUTE);
        assert_eq!(refunding, Some(TimeDelta::hours(1)));
    }

    #[test]
    fn a_failed_refund_is_made_again_within_a_day_and_after_ten_failures_no_more() {
        let hours = [1, 2, 3, 5, 6, 9].map(|failures| refund_again(failures).unwrap().num_hours());
        assert_eq!(hours, [1, 2, 4, 16, 24, 24]);
        assert_eq!([10, 11, u32::MAX].map(refund_again), [None; 3]);
    }
}
