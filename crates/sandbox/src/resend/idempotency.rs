//! What was sent under which key, for 24 hours. Only what succeeded is remembered: a refused request may be corrected.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::bounded::Bounded;

/// How long a key is remembered.
const REMEMBERED: TimeDelta = TimeDelta::hours(24);
/// Keys remembered at most.
const KEYS_MAX: usize = 50_000;

/// What tells one payload from another: its operation and its JSON, whatever the order of its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// Of a request.
    #[must_use]
    pub fn of(operation: &str, body: &Value) -> Self {
        let mut hasher = DefaultHasher::new();
        operation.hash(&mut hasher);
        body.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// What is known about a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// Nothing; it is now in use.
    Fresh,
    /// This was sent and answered so.
    Replay(Arc<Value>),
    /// Something else was sent under it.
    OtherPayload,
    /// The first request is still running.
    InFlight,
}

#[derive(Debug)]
struct Slot {
    fingerprint: Fingerprint,
    since: DateTime<Utc>,
    answer: Option<Arc<Value>>,
}

/// All keys.
#[derive(Debug)]
pub struct Keys(Bounded<String, Slot>);

impl Default for Keys {
    fn default() -> Self {
        Self(Bounded::new(KEYS_MAX))
    }
}

impl Keys {
    /// Takes a key into use, unless it was used.
    pub fn claim(&mut self, key: &str, fingerprint: Fingerprint, now: DateTime<Utc>) -> Claim {
        let known = self
            .0
            .get(&key.to_owned())
            .filter(|slot| slot.answer.is_none() || now < slot.since + REMEMBERED);
        if let Some(slot) = known {
            return match &slot.answer {
                _ if slot.fingerprint != fingerprint => Claim::OtherPayload,
                None => Claim::InFlight,
                Some(answer) => Claim::Replay(Arc::clone(answer)),
            };
        }
        let slot = Slot {
            fingerprint,
            since: now,
            answer: None,
        };
        self.0.insert(key.to_owned(), slot);
        Claim::Fresh
    }

    /// Remembers the answer.
    pub fn settle(&mut self, key: &str, answer: Arc<Value>, now: DateTime<Utc>) {
        if let Some(slot) = self.0.get_mut(&key.to_owned()) {
            slot.answer = Some(answer);
            slot.since = now;
        }
    }

    /// Forgets a key whose request had no effect.
    pub fn release(&mut self, key: &str) {
        self.0.remove(&key.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_goes_through_its_life() {
        let (mut keys, now) = (Keys::default(), DateTime::UNIX_EPOCH);
        let same = Fingerprint::of("send", &json!({"a": 1, "b": 2}));
        let other = Fingerprint::of("send", &json!({"a": 1, "b": 3}));
        assert_eq!(keys.claim("k", same, now), Claim::Fresh);
        assert_eq!(keys.claim("k", same, now), Claim::InFlight);
        assert_eq!(keys.claim("k", other, now), Claim::OtherPayload);
        let answer = Arc::new(json!({"id": "x"}));
        keys.settle("k", Arc::clone(&answer), now);
        assert_eq!(keys.claim("k", same, now), Claim::Replay(answer));
        assert_eq!(keys.claim("k", other, now), Claim::OtherPayload);
        let later = now + REMEMBERED;
        assert_eq!(keys.claim("k", other, later), Claim::Fresh);
        keys.release("k");
        assert_eq!(keys.claim("k", same, later), Claim::Fresh);
    }

    #[test]
    fn the_order_of_fields_is_no_difference_and_the_operation_is() {
        let one: Value = serde_json::from_str(r#"{"a": 1, "b": [true]}"#).unwrap();
        let two: Value = serde_json::from_str(r#"{"b": [true], "a": 1}"#).unwrap();
        assert_eq!(Fingerprint::of("send", &one), Fingerprint::of("send", &two));
        assert_ne!(
            Fingerprint::of("send", &one),
            Fingerprint::of("batch", &one)
        );
    }
}
