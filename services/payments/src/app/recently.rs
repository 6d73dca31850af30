//! What the provider was asked about just now. Anybody may come back from its page, as often as they like, and each time would be
//! a call to the provider.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::ids::PaymentId;

/// For so long an answer is good enough for clients.
const GOOD_FOR: TimeDelta = TimeDelta::seconds(2);
/// Payments that are remembered; when there are more, all are forgotten, which costs a few calls.
const MOST: usize = 10_000;

/// What this process asked about, and when.
#[derive(Default)]
pub(crate) struct Recently(Mutex<HashMap<PaymentId, DateTime<Utc>>>);

impl Recently {
    /// Whether a client may have the provider asked about a payment now. If so, it counts as asked.
    pub(crate) fn may_ask(&self, payment: PaymentId, now: DateTime<Utc>) -> bool {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_good = |at: &DateTime<Utc>| *at <= now && now - *at < GOOD_FOR;
        if asked.get(&payment).is_some_and(is_good) {
            return false;
        }
        if asked.len() >= MOST {
            asked.retain(|_, at| is_good(at));
        }
        if asked.len() >= MOST {
            asked.clear();
        }
        asked.insert(payment, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use common::ids;

    use super::*;

    #[test]
    fn a_payment_is_asked_about_every_two_seconds_at_most() {
        let recently = Recently::default();
        let (one, other) = (PaymentId(ids::new_id()), PaymentId(ids::new_id()));
        let start = DateTime::UNIX_EPOCH;
        let at = |millis| start + TimeDelta::milliseconds(millis);
        for (payment, millis, may) in [
            (one, 0, true),
            (one, 1_999, false),
            (other, 1_999, true),
            (one, 2_000, true),
            (one, 2_001, false),
        ] {
            assert_eq!(recently.may_ask(payment, at(millis)), may, "{millis}");
        }
    }

    #[test]
    fn only_so_many_are_remembered() {
        let recently = Recently::default();
        for _ in 0..=MOST {
            assert!(recently.may_ask(PaymentId(ids::new_id()), DateTime::UNIX_EPOCH));
        }
        assert!(recently.0.lock().unwrap().len() <= MOST);
    }
}
