//! Where a mail stands.

use std::fmt;
use std::str::FromStr;

/// The states of a mail. `Sent` means that the provider took it; whether it arrived is told later, by webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Due; nothing of it is known yet.
    Pending,
    /// Rendered, and perhaps with the provider already.
    Sending,
    /// The provider took it.
    Sent,
    /// Given up; somebody has to look.
    Failed,
    /// No longer due.
    Cancelled,
}

impl Status {
    /// Every status, in the order in which a mail passes them.
    pub(crate) const ALL: [Self; 5] = [
        Self::Pending,
        Self::Sending,
        Self::Sent,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name in JSON and SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more happens to the mail by itself.
    pub(crate) fn has_ended(self) -> bool {
        matches!(self, Self::Sent | Self::Failed | Self::Cancelled)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of pending, sending, sent, failed, cancelled")]
pub(crate) struct UnknownStatus;

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL
            .into_iter()
            .find(|status| status.name() == text)
            .ok_or(UnknownStatus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact_and_only_an_ended_mail_can_be_repeated() {
        for status in Status::ALL {
            assert_eq!(status.name().parse(), Ok(status));
        }
        assert_eq!("Sent".parse::<Status>(), Err(UnknownStatus));
        let ended = Status::ALL.map(Status::has_ended);
        assert_eq!(ended, [false, false, true, true, true]);
    }
}
