//! What the provider tells by webhook, as far as it is read: what it is about. What follows is asked of the provider itself.

use serde_json::Value;

use super::reference::Reference;

/// The longest name that is kept of what came.
const NAME_MAX: usize = 100;
/// What the names of events about refunds begin with.
const REFUND: &str = "refund.";
/// What the names of events about disputes begin with.
const DISPUTE: &str = "charge.dispute.";

/// What came, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WebhookEvent {
    /// The same for every delivery of one event.
    pub(crate) key: String,
    /// Such as `charge.success`; `unreadable` if it is none.
    pub(crate) kind: String,
    /// The payment that it is about, in our words.
    pub(crate) reference: Option<Reference>,
    /// The dispute that it is about, by the provider's number.
    pub(crate) dispute: Option<String>,
}

/// What is done about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Concern {
    /// Look whether the payment is paid.
    Payment,
    /// Look how the payment's refunds are.
    Refunds,
    /// Look how the dispute is.
    Dispute,
    /// Nothing.
    Nothing,
}

impl Concern {
    /// What an event of this kind is about.
    pub(crate) fn of(kind: &str) -> Self {
        match kind {
            "charge.success" => Self::Payment,
            "refund.pending"
            | "refund.processing"
            | "refund.processed"
            | "refund.failed"
            | "refund.needs-attention" => Self::Refunds,
            "charge.dispute.create" | "charge.dispute.remind" | "charge.dispute.resolve" => {
                Self::Dispute
            }
            _ => Self::Nothing,
        }
    }
}

impl WebhookEvent {
    /// Reads a body whose signature was right. Whatever it is, it is something; `hash` is that of the body, in hexadecimal.
    pub(crate) fn read(body: &[u8], hash: &str) -> Self {
        let unreadable = || Self {
            key: format!("unreadable|{hash}"),
            kind: "unreadable".to_owned(),
            reference: None,
            dispute: None,
        };
        let Ok(told) = serde_json::from_slice::<Value>(body) else {
            return unreadable();
        };
        let Some(kind) = name(told.get("event")) else {
            return unreadable();
        };
        let data = told.get("data").unwrap_or(&Value::Null);
        if kind.starts_with(DISPUTE) {
            return Self::of_dispute(kind, data, hash);
        }
        let field = |names: &[&str]| names.iter().find_map(|field| name(data.get(*field)));
        let named = field(&["reference", "transaction_reference"]);
        let thing = field(&["id"]).or_else(|| {
            let named = named.as_ref()?;
            let status = field(&["status"]).unwrap_or_default();
            if !kind.starts_with(REFUND) {
                return Some(format!("{named}|{status}"));
            }
            // Much of a payment may go back, one after the other, and each is news of its own.
            let which = field(&["refund_reference"]);
            let which = which.as_deref().unwrap_or(hash);
            Some(format!("{named}|{status}|{which}"))
        });
        let reference = named.and_then(|named| Reference::parse(&named).ok());
        Self {
            key: format!("{kind}|{}", thing.as_deref().unwrap_or(hash)),
            kind,
            reference,
            dispute: None,
        }
    }

    /// A dispute is told of again and again, each time as it is then; none of that contradicts what was told before.
    fn of_dispute(kind: String, data: &Value, hash: &str) -> Self {
        let dispute = name(data.get("id")).filter(|id| id.parse::<u64>().is_ok());
        let named = data
            .get("transaction")
            .and_then(|of| name(of.get("reference")));
        Self {
            key: format!("{kind}|{}|{hash}", dispute.as_deref().unwrap_or_default()),
            kind,
            reference: named.and_then(|named| Reference::parse(&named).ok()),
            dispute,
        }
    }
}

/// A short name, written as text or number.
fn name(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let is_name = (1..=NAME_MAX).contains(&text.len()) && !text.chars().any(char::is_control);
    is_name.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> (String, String, Option<String>) {
        let event = WebhookEvent::read(body.as_bytes(), "ab12");
        let reference = event.reference.map(|one| one.as_str().to_owned());
        (event.key, event.kind, reference)
    }

    #[test]
    fn an_event_is_known_by_its_id_or_else_by_what_it_is_about() {
        for (body, key, reference) in [
            (
                r#"{"event":"charge.success","data":{"id":18446744073709551615,"reference":"AGP-1-1","metadata":""}}"#,
                "charge.success|18446744073709551615",
                Some("AGP-1-1"),
            ),
            (
                r#"{"event":"charge.success","data":{"reference":"AGP-1-1","status":"success"}}"#,
                "charge.success|AGP-1-1|success",
                Some("AGP-1-1"),
            ),
            (
                r#"{"event":"refund.processed","data":{"id":"7","transaction_reference":"AGP-1-1","amount":"100"}}"#,
                "refund.processed|7",
                Some("AGP-1-1"),
            ),
            (
                r#"{"event":"refund.pending","data":{"transaction_reference":"AGP-1-1","status":"pending"}}"#,
                "refund.pending|AGP-1-1|pending|ab12",
                Some("AGP-1-1"),
            ),
            (
                r#"{"event":"refund.pending","data":{"transaction_reference":"AGP-1-1","status":"pending","refund_reference":"R-7"}}"#,
                "refund.pending|AGP-1-1|pending|R-7",
                Some("AGP-1-1"),
            ),
            (
                r#"{"event":"charge.success","data":{"id":1,"reference":"a/b"}}"#,
                "charge.success|1",
                None,
            ),
        ] {
            let (found, _, of) = read(body);
            assert_eq!((found.as_str(), of.as_deref()), (key, reference), "{body}");
        }
    }

    #[test]
    fn whatever_comes_is_something() {
        for body in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"event":7.5e400}"#,
            r#"{"event":""}"#,
            "\u{0}",
        ] {
            let (key, kind, reference) = read(body);
            assert_eq!(
                (key.as_str(), kind.as_str()),
                ("unreadable|ab12", "unreadable")
            );
            assert_eq!(reference, None);
        }
        let list = r#"{"event":"subscription.expiring_cards","data":[{"id":1}]}"#;
        assert_eq!(read(list).0, "subscription.expiring_cards|ab12");
        let odd = r#"{"event":"charge.success","data":"x"}"#;
        assert_eq!(read(odd).0, "charge.success|ab12");
    }

    #[test]
    fn a_dispute_is_told_of_as_often_as_it_changes() {
        let told = |status: &str| {
            let body = format!(
                r#"{{"event":"charge.dispute.remind","data":{{"id":7,"status":"{status}","transaction":{{"reference":"AGP-1-1"}}}}}}"#
            );
            WebhookEvent::read(body.as_bytes(), status)
        };
        let (first, second) = (told("a"), told("b"));
        assert_eq!(first.key, "charge.dispute.remind|7|a");
        assert_ne!(first.key, second.key);
        assert_eq!(first.dispute.as_deref(), Some("7"));
        assert_eq!(first.reference.unwrap().as_str(), "AGP-1-1");
        let odd = r#"{"event":"charge.dispute.create","data":{"id":"x","transaction":7}}"#;
        let odd = WebhookEvent::read(odd.as_bytes(), "c");
        assert_eq!((odd.dispute, odd.reference), (None, None));
    }

    #[test]
    fn only_charges_refunds_and_disputes_concern_us() {
        assert_eq!(Concern::of("charge.success"), Concern::Payment);
        assert_eq!(Concern::of("refund.needs-attention"), Concern::Refunds);
        assert_eq!(Concern::of("charge.dispute.remind"), Concern::Dispute);
        for other in [
            "charge.failed",
            "charge.dispute.new",
            "transfer.success",
            "refund.new",
            "",
        ] {
            assert_eq!(Concern::of(other), Concern::Nothing);
        }
    }
}
