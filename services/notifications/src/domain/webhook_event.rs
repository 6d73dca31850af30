//! What the provider tells about a mail after it took it.

use chrono::{DateTime, Utc};

use super::address::Address;

/// Something the provider told.
#[derive(Debug, Clone)]
pub(crate) struct WebhookEvent {
    /// The id that its repetitions share.
    pub(crate) id: String,
    /// What happened, without the `email.` that they all begin with: `delivered`, `bounced`.
    pub(crate) kind: String,
    /// Which mail, by the provider's id.
    pub(crate) provider_id: Option<String>,
    /// When.
    pub(crate) occurred_at: DateTime<Utc>,
    /// To whom the mail went.
    pub(crate) recipients: Vec<Address>,
    /// Whether a bounce is for ever.
    pub(crate) is_permanent: bool,
}

/// Why an address gets no more mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suppression {
    /// There is no such mailbox.
    Bounced,
    /// Its owner called our mail spam.
    Complained,
    /// The provider itself no longer sends to it.
    Suppressed,
}

impl Suppression {
    /// The name in SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::Suppressed => "suppressed",
        }
    }
}

impl WebhookEvent {
    /// Whether it says only what the provider's answer to the sending said: that it has the mail.
    pub(crate) fn was_known(&self) -> bool {
        self.kind == "sent"
    }

    /// Whether the recipients must get no more mail. A full mailbox or a mail that was too long passes.
    pub(crate) fn suppression(&self) -> Option<Suppression> {
        match self.kind.as_str() {
            "bounced" if self.is_permanent => Some(Suppression::Bounced),
            "complained" => Some(Suppression::Complained),
            "suppressed" => Some(Suppression::Suppressed),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lasts_suppresses() {
        let event = |kind: &str, is_permanent| WebhookEvent {
            id: "msg_1".to_owned(),
            kind: kind.to_owned(),
            provider_id: None,
            occurred_at: DateTime::from_timestamp(0, 0).unwrap(),
            recipients: Vec::new(),
            is_permanent,
        };
        let expected = [
            (("bounced", true), Some(Suppression::Bounced)),
            (("bounced", false), None),
            (("complained", false), Some(Suppression::Complained)),
            (("suppressed", false), Some(Suppression::Suppressed)),
            (("delivered", false), None),
            (("delivery_delayed", true), None),
            (("something_new", true), None),
        ];
        for ((kind, is_permanent), suppression) in expected {
            assert_eq!(
                event(kind, is_permanent).suppression(),
                suppression,
                "{kind}"
            );
        }
    }
}
