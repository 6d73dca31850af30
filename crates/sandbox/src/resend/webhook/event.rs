//! What happens to a mail, and the webhook that tells of it.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::resend::mail::Mail;
use crate::resend::outcome::{Fate, fate};
use crate::resend::suppression::{Reason, Suppressions};

/// Something that happens to a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It is to go out later.
    Scheduled,
    /// It went out.
    Sent,
    /// It arrived.
    Delivered,
    /// The address does not exist.
    Bounced,
    /// It was called spam.
    Complained,
    /// It was not sent, because of this.
    Suppressed(Reason),
}

/// An event, when it happens after the mail was accepted, and to which addresses.
#[derive(Debug, Clone)]
pub struct Happening {
    /// When.
    pub after: Duration,
    /// What.
    pub event: Event,
    /// To whom.
    pub to: Vec<String>,
}

impl Event {
    /// The vendor's name, `delivered`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::Suppressed(_) => "suppressed",
        }
    }

    /// Why the address is not sent to from now on.
    #[must_use]
    pub fn suppresses(self) -> Option<Reason> {
        match self {
            Self::Bounced => Some(Reason::PreviousBounce),
            Self::Complained => Some(Reason::PreviousComplaint),
            _ => None,
        }
    }

    /// The field that only this event has.
    fn detail(self) -> Option<(&'static str, Value)> {
        match self {
            Self::Bounced => Some((
                "bounce",
                json!({
                    "type": "Permanent",
                    "subType": "General",
                    "message": "The recipient's email server permanently rejected the email.",
                    "diagnosticCode": ["smtp; 550 5.1.1 user unknown"],
                }),
            )),
            Self::Suppressed(reason) => Some((
                "suppressed",
                json!({
                    "type": "OnAccountSuppressionList",
                    "reason": reason,
                    "message": "The email was not sent, because the recipient is on the suppression list.",
                    "diagnosticCode": [],
                }),
            )),
            _ => None,
        }
    }
}

impl Happening {
    /// Everything that will happen to a mail, in order.
    #[must_use]
    pub fn all(mail: &Mail, list: &Suppressions, delivery: Duration) -> Vec<Self> {
        let start = mail
            .message
            .scheduled_at
            .and_then(|at| (at - mail.sent_at).to_std().ok());
        let (mut arriving, mut bouncing, mut complaining) = (Vec::new(), Vec::new(), Vec::new());
        let mut suppressed: Vec<(Reason, String)> = Vec::new();
        for bare in mail.message.recipients() {
            match fate(&bare, list) {
                Fate::Delivered => arriving.push(bare),
                Fate::Bounced => bouncing.push(bare),
                Fate::Complained => complaining.push(bare),
                Fate::Suppressed(reason) => suppressed.push((reason, bare)),
            }
        }
        let with_reason = |wanted: Reason| {
            let matching = suppressed.iter().filter(|(reason, _)| *reason == wanted);
            matching.map(|(_, bare)| bare.clone()).collect()
        };
        let going_out = [&arriving[..], &bouncing[..], &complaining[..]].concat();
        let delivered = [&arriving[..], &complaining[..]].concat();
        let first = start.unwrap_or_default();
        let mut happenings = Vec::new();
        let mut add = |after, event, to: Vec<String>| {
            if !to.is_empty() {
                happenings.push(Self { after, event, to });
            }
        };
        if start.is_some() {
            add(Duration::ZERO, Event::Scheduled, going_out.clone());
        }
        add(first, Event::Sent, going_out);
        for reason in [Reason::PreviousBounce, Reason::PreviousComplaint] {
            add(first, Event::Suppressed(reason), with_reason(reason));
        }
        add(first + delivery, Event::Delivered, delivered);
        add(first + delivery, Event::Bounced, bouncing);
        add(first + 2 * delivery, Event::Complained, complaining);
        happenings
    }

    /// The webhook's body.
    #[must_use]
    pub fn body(&self, mail: &Mail, at: DateTime<Utc>) -> Value {
        let mut data = json!({
            "email_id": mail.id,
            "message_id": mail.message_id(),
            "created_at": iso(mail.sent_at),
            "from": mail.message.from,
            "to": self.to,
            "subject": mail.message.subject,
        });
        if let Some(fields) = data.as_object_mut() {
            if !mail.message.tags.is_empty() {
                fields.insert("tags".to_owned(), json!(mail.message.tags));
            }
            if !mail.message.headers.is_empty() {
                let header =
                    |(name, value): &(String, String)| json!({"name": name, "value": value});
                let headers: Vec<Value> = mail.message.headers.iter().map(header).collect();
                fields.insert("headers".to_owned(), headers.into());
            }
            if let Some((name, detail)) = self.event.detail() {
                fields.insert(name.to_owned(), detail);
            }
        }
        json!({"type": self.type_name(), "created_at": iso(at), "data": data})
    }

    /// The webhook's type, `email.delivered`.
    #[must_use]
    pub fn type_name(&self) -> String {
        format!("email.{}", self.event.name())
    }
}

fn iso(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
