//! When a one-time code is accepted, and when guessing one is cut short.

use chrono::{DateTime, TimeDelta, Utc};

use super::totp::TotpSecret;

/// Wrong codes in a row after which no code is looked at for a while.
const WRONG_MAX: i32 = 5;

/// The first pause. Each further five wrong codes double it: with three codes valid at any moment, a fixed quarter of
/// an hour would leave a persistent guesser who knows the password a chance of one in 700 a day; doubling leaves one in
/// ten thousand on the first day and next to none later.
const FIRST_PAUSE: TimeDelta = TimeDelta::minutes(15);

/// No pause is longer.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(24);

/// What is remembered about the codes that an account was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct CodeHistory {
    /// The newest time step whose code was accepted.
    pub(crate) last_step: Option<i64>,
    /// Wrong codes since the last right one.
    pub(crate) wrong: i32,
    /// Until when no code is looked at.
    pub(crate) paused_until: Option<DateTime<Utc>>,
}

/// What becomes of a code, with the history to remember.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is right and fresh.
    Accepted(CodeHistory),
    /// It is wrong, or was used before.
    Wrong(CodeHistory),
    /// It was not looked at.
    Paused,
}

impl CodeHistory {
    /// Judges a code offered now. A step counts once, and no older one after it (RFC 6238 §5.2).
    pub(crate) fn judge(self, secret: &TotpSecret, code: &str, now: DateTime<Utc>) -> Verdict {
        if self.paused_until.is_some_and(|until| now < until) {
            return Verdict::Paused;
        }
        match secret.matching_step(code, now) {
            Some(step) if self.last_step.is_none_or(|last| last < step) => {
                Verdict::Accepted(Self {
                    last_step: Some(step),
                    ..Self::default()
                })
            }
            _ => Verdict::Wrong(self.with_wrong_code(now)),
        }
    }

    fn with_wrong_code(self, now: DateTime<Utc>) -> Self {
        let wrong = self.wrong.saturating_add(1);
        let paused_until = (wrong % WRONG_MAX == 0).then(|| now + pause_after(wrong));
        Self {
            wrong,
            paused_until,
            ..self
        }
    }
}

fn pause_after(wrong: i32) -> TimeDelta {
    let doublings = (wrong / WRONG_MAX - 1).clamp(0, 7);
    (FIRST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> TotpSecret {
        TotpSecret::new([7; 20])
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn code_of_step(steps_from_now: i64) -> String {
        secret().code_at(now() + TimeDelta::seconds(30 * steps_from_now))
    }

    fn after_wrong_codes(count: i32) -> CodeHistory {
        (0..count).fold(CodeHistory::default(), |history, _| {
            history.with_wrong_code(now())
        })
    }

    #[test]
    fn a_code_is_accepted_once_and_never_an_older_one_after_it() {
        let Verdict::Accepted(history) =
            CodeHistory::default().judge(&secret(), &code_of_step(0), now())
        else {
            panic!("a fresh code is accepted");
        };
        assert_eq!(history.last_step, Some(now().timestamp() / 30));
        for used in [code_of_step(0), code_of_step(-1)] {
            assert!(matches!(
                history.judge(&secret(), &used, now()),
                Verdict::Wrong(_)
            ));
        }
        assert!(matches!(
            history.judge(&secret(), &code_of_step(1), now()),
            Verdict::Accepted(_)
        ));
    }

    #[test]
    fn the_fifth_wrong_code_starts_a_pause_in_which_even_the_right_one_is_not_looked_at() {
        assert_eq!(after_wrong_codes(4).paused_until, None);
        let history = after_wrong_codes(5);
        assert_eq!(history.paused_until, Some(now() + TimeDelta::minutes(15)));
        let right = code_of_step(0);
        assert_eq!(history.judge(&secret(), &right, now()), Verdict::Paused);

        let later = now() + TimeDelta::minutes(15);
        let right = secret().code_at(later);
        assert!(matches!(
            history.judge(&secret(), &right, later),
            Verdict::Accepted(_)
        ));
    }

    #[test]
    fn every_further_five_double_the_pause_up_to_a_day() {
        let minutes: Vec<i64> = (1..=9)
            .map(|fives| {
                let until = after_wrong_codes(5 * fives).paused_until.unwrap();
                (until - now()).num_minutes()
            })
            .collect();
        assert_eq!(minutes, [15, 30, 60, 120, 240, 480, 960, 1_440, 1_440]);
    }

    #[test]
    fn a_right_code_forgets_the_wrong_ones() {
        let history = after_wrong_codes(4);
        let verdict = history.judge(&secret(), &code_of_step(0), now());
        assert!(matches!(
            verdict,
            Verdict::Accepted(CodeHistory {
                wrong: 0,
                paused_until: None,
                ..
            })
        ));
    }
}
