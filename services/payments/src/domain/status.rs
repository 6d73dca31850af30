//! How far a payment has come: a lattice that is only ever climbed, so that the order of news does not matter.

use std::fmt;
use std::str::FromStr;

/// How far a payment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentStatus {
    /// Nobody has begun to pay, as far as we know.
    Initialized,
    /// Somebody pays in a way that takes time.
    Pending,
    /// The provider declined it. It may still be paid later.
    Failed,
    /// Nobody paid in time. It may still be paid later.
    Abandoned,
    /// The provider has the money.
    Paid,
    /// A part went back.
    PartiallyRefunded,
    /// All went back.
    Refunded,
}

/// The text names no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be one of initialized, pending, failed, abandoned, paid, partially_refunded, refunded"
)]
pub struct UnknownStatus;

impl PaymentStatus {
    /// Every status, lowest first.
    pub const ALL: [Self; 7] = [
        Self::Initialized,
        Self::Pending,
        Self::Failed,
        Self::Abandoned,
        Self::Paid,
        Self::PartiallyRefunded,
        Self::Refunded,
    ];

    /// The name in JSON and SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Initialized => "initialized",
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Initialized => 0,
            Self::Pending => 1,
            Self::Failed | Self::Abandoned => 2,
            Self::Paid => 3,
            Self::PartiallyRefunded => 4,
            Self::Refunded => 5,
        }
    }

    /// Whether news may make it that: only what is higher.
    pub fn may_become(self, next: Self) -> bool {
        next.rank() > self.rank()
    }

    /// Whether the provider has, or had, the money.
    pub fn is_captured(self) -> bool {
        self.rank() >= Self::Paid.rank()
    }

    /// Whether somebody may be about to pay it.
    pub fn is_open(self) -> bool {
        self.rank() <= Self::Pending.rank()
    }
}

impl fmt::Display for PaymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for PaymentStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        let mut all = Self::ALL.into_iter();
        all.find(|status| status.name() == text)
            .ok_or(UnknownStatus)
    }
}

#[cfg(test)]
mod tests {
    use super::PaymentStatus::*;
    use super::*;

    #[test]
    fn a_payment_only_ever_climbs() {
        for (from, higher) in [
            (
                Initialized,
                &[
                    Pending,
                    Failed,
                    Abandoned,
                    Paid,
                    PartiallyRefunded,
                    Refunded,
                ][..],
            ),
            (
                Pending,
                &[Failed, Abandoned, Paid, PartiallyRefunded, Refunded],
            ),
            (Failed, &[Paid, PartiallyRefunded, Refunded]),
            (Abandoned, &[Paid, PartiallyRefunded, Refunded]),
            (Paid, &[PartiallyRefunded, Refunded]),
            (PartiallyRefunded, &[Refunded]),
            (Refunded, &[]),
        ] {
            for to in PaymentStatus::ALL {
                assert_eq!(from.may_become(to), higher.contains(&to), "{from} to {to}");
            }
        }
    }

    #[test]
    fn names_are_exact() {
        for status in PaymentStatus::ALL {
            assert_eq!(status.name().parse(), Ok(status));
            assert_eq!(status.to_string(), status.name());
        }
        assert_eq!("Paid".parse::<PaymentStatus>(), Err(UnknownStatus));
    }
}
