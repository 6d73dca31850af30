//! What an attempt to send a mail leads to.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// The provider remembers a key for 24 h. Within this time asking again is safe; later it could send the mail twice.
pub(crate) const SAFE_TO_REPEAT: TimeDelta = TimeDelta::hours(23);

/// The pause after the first failure; each one more doubles it.
const RETRY_FIRST: Duration = Duration::from_secs(1);
/// The longest pause between two attempts at one mail.
const RETRY_MOST: Duration = Duration::from_secs(5 * 60);
/// How long everything waits when the provider says "too fast" and not until when.
const TOO_FAST: Duration = Duration::from_secs(1);
/// How long everything waits once a day's or month's quota is used up: asking more often would not bring it back.
const QUOTA: Duration = Duration::from_secs(15 * 60);
/// How long everything waits for an operator to mend the key or the domain.
const OPERATOR: Duration = Duration::from_secs(60);
/// The longest that the provider's own wish is followed.
const PAUSE_MOST: Duration = Duration::from_secs(60 * 60);

/// What the provider did with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It took it, under this id. Whether it arrives is told by webhook.
    Taken {
        /// The provider's id.
        provider_id: String,
    },
    /// Refused because of everything else that is sent; the mail itself is all right and certainly did not leave.
    Held(Hold, Trouble),
    /// Refused because of what the mail says: no attempt will end otherwise.
    Refused(Trouble),
    /// Nobody knows: no answer, an answer that makes no sense, or an error on the provider's side.
    Unknown(Trouble),
}

/// Why nothing is sent at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Too many requests in this second.
    Rate,
    /// The day's or month's mails are used up.
    Quota,
    /// The key, the domain or the address of the API is wrong.
    Operator,
}

impl Hold {
    /// The name in metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Quota => "quota",
            Self::Operator => "operator",
        }
    }
}

/// What went wrong, and when the provider wants to be asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// For people; without addresses.
    pub(crate) cause: String,
    /// The provider's `retry-after`.
    pub(crate) retry_after: Option<Duration>,
}

impl Trouble {
    /// One about which the provider wishes nothing.
    pub(crate) fn plain(cause: String) -> Self {
        Self {
            cause,
            retry_after: None,
        }
    }
}

/// What is known of a mail before an attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    /// How often it was tried, this attempt included.
    pub(crate) attempts: u32,
    /// Since when the provider may have had it, by an earlier attempt.
    pub(crate) perhaps_since: Option<DateTime<Utc>>,
    /// When its link stops working.
    pub(crate) good_until: Option<DateTime<Utc>>,
}

/// What is to be done after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Note that it is sent.
    Sent {
        /// The provider's id.
        provider_id: String,
    },
    /// Try again.
    Again {
        /// How long after now.
        after: Duration,
        /// Whether the provider may have the mail now, so that the time to ask again is running.
        perhaps_taken: bool,
        /// How long nothing else may be sent either.
        pause_all: Option<Duration>,
        /// For the row.
        cause: String,
    },
    /// Give up.
    Failed(Failure),
}

/// Why a mail is given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The provider refused it for what it says.
    Refused(String),
    /// Too late to ask again whether the provider took it.
    OutcomeUnknown,
    /// Its link no longer works.
    TooLate,
    /// It could not be made.
    Unmakeable(String),
}

impl Failure {
    /// The stable name in events and metrics.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::TooLate => "too_late",
            Self::Unmakeable(_) => "unmakeable",
        }
    }

    /// For the operator who looks at it.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Refused(cause) => format!("the provider refused it: {cause}"),
            Self::OutcomeUnknown => {
                "it may or may not have been sent: look for its idempotency key in the provider's \
                log before sending it again"
                    .to_owned()
            }
            Self::TooLate => "its link stopped working before it could be sent".to_owned(),
            Self::Unmakeable(cause) => format!("it could not be made: {cause}"),
        }
    }
}

impl Standing {
    /// Whether another attempt makes sense and is safe.
    pub(crate) fn may_try(&self, now: DateTime<Utc>) -> Result<(), Failure> {
        let is_late = |until: DateTime<Utc>| until <= now;
        match self.perhaps_since {
            Some(since) if is_late(since + SAFE_TO_REPEAT) => Err(Failure::OutcomeUnknown),
            // One that may have left is asked about even when its link is old: the answer is worth having.
            Some(_) => Ok(()),
            None if self.good_until.is_some_and(is_late) => Err(Failure::TooLate),
            None => Ok(()),
        }
    }

    /// What follows from the provider's answer. `jitter` is anything from 0 to 1.
    pub(crate) fn after(&self, answer: Answer, jitter: f64) -> Next {
        let perhaps_before = self.perhaps_since.is_some();
        match answer {
            Answer::Taken { provider_id } => Next::Sent { provider_id },
            Answer::Refused(trouble) => Next::Failed(Failure::Refused(trouble.cause)),
            Answer::Held(hold, trouble) => {
                let pause = pause_for(hold, trouble.retry_after);
                Next::Again {
                    after: pause + spread(Duration::from_secs(1), jitter),
                    perhaps_taken: perhaps_before,
                    pause_all: Some(pause),
                    cause: trouble.cause,
                }
            }
            Answer::Unknown(trouble) => {
                let wish = trouble.retry_after.map(|wish| wish.min(PAUSE_MOST));
                Next::Again {
                    after: self.backoff(jitter).max(wish.unwrap_or_default()),
                    perhaps_taken: true,
                    pause_all: wish,
                    cause: trouble.cause,
                }
            }
        }
    }

    /// The pause before the next attempt: doubled each time, and spread so that mails that failed together do not
    /// come back together.
    pub(crate) fn backoff(&self, jitter: f64) -> Duration {
        let doublings = self.attempts.saturating_sub(1).min(16);
        let pause = RETRY_FIRST.saturating_mul(1 << doublings).min(RETRY_MOST);
        pause.mul_f64(0.75) + spread(pause.mul_f64(0.5), jitter)
    }
}

fn pause_for(hold: Hold, wish: Option<Duration>) -> Duration {
    let wish = wish.map(|wish| wish.min(PAUSE_MOST));
    match hold {
        Hold::Rate => wish.unwrap_or(TOO_FAST),
        Hold::Quota => wish.unwrap_or_default().max(QUOTA),
        Hold::Operator => wish.unwrap_or_default().max(OPERATOR),
    }
}

fn spread(most: Duration, jitter: f64) -> Duration {
    most.mul_f64(jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing() -> Standing {
        Standing {
            attempts: 1,
            perhaps_since: None,
            good_until: None,
        }
    }

    fn trouble(retry_after: Option<u64>) -> Trouble {
        Trouble {
            cause: "429 rate_limit_exceeded".to_owned(),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    fn again(next: Next) -> (Duration, bool, Option<Duration>) {
        match next {
            Next::Again {
                after,
                perhaps_taken,
                pause_all,
                ..
            } => (after, perhaps_taken, pause_all),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_the_provider_says_decides_what_comes_next() {
        let seconds = Duration::from_secs;
        let now = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        let held = |hold, wish| again(standing().after(Answer::Held(hold, trouble(wish)), 0.0));
        assert_eq!(
            held(Hold::Rate, None),
            (seconds(1), false, Some(seconds(1)))
        );
        assert_eq!(
            held(Hold::Rate, Some(7)),
            (seconds(7), false, Some(seconds(7)))
        );
        assert_eq!(held(Hold::Rate, Some(1 << 40)).2, Some(PAUSE_MOST));
        assert_eq!(held(Hold::Quota, Some(1)).2, Some(QUOTA));
        assert_eq!(held(Hold::Operator, None).2, Some(OPERATOR));
        let unknown = standing().after(Answer::Unknown(trouble(None)), 0.5);
        assert_eq!(again(unknown), (seconds(1), true, None));
        let unknown = standing().after(Answer::Unknown(trouble(Some(9))), 0.5);
        assert_eq!(again(unknown), (seconds(9), true, Some(seconds(9))));
        let refused = standing().after(Answer::Refused(trouble(None)), 0.5);
        assert!(matches!(refused, Next::Failed(Failure::Refused(_))));
        // Once it may have left, a refusal of a later attempt does not make that undone.
        let doubtful = Standing {
            perhaps_since: Some(now),
            ..standing()
        };
        assert!(again(doubtful.after(Answer::Held(Hold::Rate, trouble(None)), 0.0)).1);
    }

    #[test]
    fn pauses_grow_to_five_minutes_and_are_spread() {
        let pauses = |jitter: f64| {
            [1, 2, 5, 9, 10, 1000].map(|attempts| {
                let standing = Standing {
                    attempts,
                    ..standing()
                };
                standing.backoff(jitter).as_secs_f64()
            })
        };
        assert_eq!(pauses(0.5), [1.0, 2.0, 16.0, 256.0, 300.0, 300.0]);
        assert_eq!(pauses(0.0)[4], 225.0);
        assert_eq!(pauses(1.0)[4], 375.0);
    }

    #[test]
    fn an_uncertain_mail_is_repeated_for_less_than_the_provider_remembers() {
        let now = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        let since = |hours: i64| Standing {
            perhaps_since: Some(now - TimeDelta::hours(hours)),
            good_until: Some(now - TimeDelta::hours(1)),
            ..standing()
        };
        assert_eq!(since(22).may_try(now), Ok(()));
        assert_eq!(since(23).may_try(now), Err(Failure::OutcomeUnknown));
        assert!(SAFE_TO_REPEAT < TimeDelta::hours(24));
        let never_left = Standing {
            good_until: Some(now),
            ..standing()
        };
        assert_eq!(never_left.may_try(now), Err(Failure::TooLate));
        assert_eq!(standing().may_try(now), Ok(()));
    }
}
