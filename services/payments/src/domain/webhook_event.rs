//! What the provider tells by webhook, as far as it is read: what it is about. What follows is asked of the provider itself.

use serde_json::Value;

use super::reference::Reference;

/// The longest name that is kept of what came.
const NAME_MAX: usize = 100;
/// What the names of events about refunds begin with.
const REFUND: &str = "refund.";

/// What came, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WebhookEvent {
    /// The same for every delivery of one event.
    pub(crate) key: String,
    /// Such as `charge.success`; `unreadable` if it is none.
    pub(crate) kind: String,
    /// The payment that it is about, in our words.
    pub(crate) reference: Option<Reference>,
}

/// What is done about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Concern {
    /// Look whether the payment is paid.
    Payment,
    /// Look how the payment's refunds are.
    Refunds,
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
        };
        let Ok(told) = serde_json::from_slice::<Value>(body) else {
            return unreadable();
        };
        let Some(kind) = name(told.get("event")) else {
            return unreadable();
        };
        let data = told.get("data").unwrap_or(&Value::Null);
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
    fn only_charges_and_refunds_concern_us() {
        assert_eq!(Concern::of("charge.success"), Concern::Payment);
        assert_eq!(Concern::of("refund.needs-attention"), Concern::Refunds);
        for other in ["charge.failed", "transfer.success", "refund.new", ""] {
            assert_eq!(Concern::of(other), Concern::Nothing);
        }
    }
}
