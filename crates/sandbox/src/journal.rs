//! What really happened, in order: the record that tests compare with what a service believes.
//!
//! A fact is written under the same lock as the change that it tells of, so nobody sees the one without the other.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SecondsFormat, Utc};
use common::Clock;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// Whose protocol a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    /// The mail vendor.
    Resend,
    /// The payment vendor.
    Paystack,
}

/// One thing that happened.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// Counts from 1 without gaps, so that a reader notices what was forgotten.
    pub seq: u64,
    /// When, in UTC.
    pub at: String,
    /// Whose protocol.
    pub vendor: Vendor,
    /// What: `kind`, and the fields of that kind.
    #[serde(flatten, serialize_with = "shared")]
    pub fact: Arc<Value>,
}

/// A request that was executed or refused.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind", rename = "request")]
pub struct RequestFact<'a> {
    /// The vendor's operation, as faults name it.
    pub operation: &'a str,
    /// What became of it.
    pub outcome: Outcome,
    /// The status of the answer; absent where no answer was meant to be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The vendor's name of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a str>,
    /// The key under which it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<&'a str>,
    /// The caller's place in its trace, if it told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<&'a str>,
    /// What it made or, where it was replayed, had made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// The fault that hit it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<&'a str>,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It had its effect.
    Executed,
    /// It was answered as before, and nothing happened again.
    Replayed,
    /// It had no effect.
    Refused,
    /// It had no effect and gets no answer.
    Hung,
}

/// One try to deliver a webhook, or the decision not to try.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind", rename = "webhook")]
pub struct WebhookFact<'a> {
    /// The same for all tries and copies of one webhook.
    pub webhook_id: &'a str,
    /// The vendor's name of the event.
    #[serde(rename = "type")]
    pub event: &'a str,
    /// What it is about.
    pub subject: &'a str,
    /// Counts from 1; 0 if it was never tried.
    pub attempt: usize,
    /// The receiver's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether the signature was wrong on purpose.
    pub is_forged: bool,
}

/// The newest facts.
pub struct Journal {
    clock: Arc<dyn Clock>,
    most: usize,
    facts: Mutex<Facts>,
}

#[derive(Default)]
struct Facts {
    written: u64,
    kept: VecDeque<Entry>,
}

impl Journal {
    /// An empty journal that keeps the newest `most` facts.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, most: usize) -> Self {
        Self {
            clock,
            most,
            facts: Mutex::default(),
        }
    }

    /// Writes a fact down.
    pub fn append(&self, vendor: Vendor, fact: impl Serialize) {
        let at = timestamp(self.clock.now());
        // Facts are plain structs with text for keys, which always become JSON.
        let fact = Arc::new(serde_json::to_value(fact).unwrap_or_default());
        let mut facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        facts.written += 1;
        let seq = facts.written;
        facts.kept.push_back(Entry {
            seq,
            at,
            vendor,
            fact,
        });
        while facts.kept.len() > self.most {
            facts.kept.pop_front();
        }
    }

    /// The facts after number `after`, in order, of one vendor or of all.
    #[must_use]
    pub fn read(&self, vendor: Option<Vendor>, after: u64) -> Vec<Entry> {
        let facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        facts
            .kept
            .iter()
            .filter(|entry| entry.seq > after && vendor.is_none_or(|one| one == entry.vendor))
            .cloned()
            .collect()
    }
}

fn shared<S: Serializer>(fact: &Arc<Value>, serializer: S) -> Result<S::Ok, S::Error> {
    fact.as_ref().serialize(serializer)
}

/// A time as control answers write it.
#[must_use]
pub fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::clock::SystemClock;
    use serde_json::json;

    #[test]
    fn it_forgets_the_oldest_and_shows_the_gap() {
        let journal = Journal::new(Arc::new(SystemClock), 2);
        for number in 1..=3 {
            journal.append(Vendor::Resend, json!({"kind": "test", "number": number}));
        }
        let seqs: Vec<u64> = journal.read(None, 0).iter().map(|one| one.seq).collect();
        assert_eq!(seqs, [2, 3]);
        assert_eq!(journal.read(Some(Vendor::Resend), 2).len(), 1);
    }

    #[test]
    fn an_entry_is_one_flat_object() {
        let journal = Journal::new(Arc::new(SystemClock), 2);
        journal.append(
            Vendor::Resend,
            RequestFact {
                operation: "send",
                outcome: Outcome::Refused,
                status: Some(422),
                error: Some("validation_error"),
                idempotency_key: None,
                traceparent: None,
                ids: Vec::new(),
                fault: None,
            },
        );
        let mut entry = serde_json::to_value(&journal.read(None, 0)[0]).unwrap();
        entry["at"] = json!("now");
        let expected = json!({
            "seq": 1, "at": "now", "vendor": "resend", "kind": "request", "operation": "send",
            "outcome": "refused", "status": 422, "error": "validation_error",
        });
        assert_eq!(entry, expected);
    }
}
