//! In which ways the two sides can disagree, and what is done about it.

use std::fmt;
use std::str::FromStr;

/// In which way the two sides disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Class {
    /// The provider was paid, and we know no such payment.
    MissingLocal,
    /// We hold a payment for paid that the provider does not know.
    MissingGateway,
    /// Another amount was paid than we have noted, or than was due.
    Amount,
    /// It was paid in another currency than we have noted, or than was due in.
    Currency,
    /// One side says that it is paid, or gone back, and the other that it is not.
    Status,
    /// An order keeps one payment, and another of its payments is neither kept nor on its way back.
    DoubleKept,
    /// The provider does not know a refund of ours that it had.
    RefundMissing,
    /// The provider has a refund that we do not know.
    RefundExtra,
    /// A refund has another amount or currency there.
    RefundAmount,
    /// The provider took other fees than we have booked.
    FeeAnomaly,
    /// It went back at the provider, and no refund says why.
    Reversed,
    /// It has been open for longer than anybody takes to pay.
    StalePending,
}

/// The text names no class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no class of mismatch")]
pub(crate) struct UnknownClass;

impl Class {
    /// Every class.
    pub(crate) const ALL: [Self; 12] = [
        Self::MissingLocal,
        Self::MissingGateway,
        Self::Amount,
        Self::Currency,
        Self::Status,
        Self::DoubleKept,
        Self::RefundMissing,
        Self::RefundExtra,
        Self::RefundAmount,
        Self::FeeAnomaly,
        Self::Reversed,
        Self::StalePending,
    ];

    /// The name in JSON, SQL and metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::MissingLocal => "missing-local",
            Self::MissingGateway => "missing-gateway",
            Self::Amount => "amount",
            Self::Currency => "currency",
            Self::Status => "status",
            Self::DoubleKept => "double-kept",
            Self::RefundMissing => "refund-missing",
            Self::RefundExtra => "refund-extra",
            Self::RefundAmount => "refund-amount",
            Self::FeeAnomaly => "fee-anomaly",
            Self::Reversed => "reversed",
            Self::StalePending => "stale-pending",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Class {
    type Err = UnknownClass;

    fn from_str(text: &str) -> Result<Self, UnknownClass> {
        let mut all = Self::ALL.into_iter();
        all.find(|class| class.name() == text).ok_or(UnknownClass)
    }
}

/// How a mismatch is put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// The provider is asked how the payment stands, and what follows is written, as after a webhook.
    Confirm,
    /// The payment's refunds are looked up at the provider, as after a webhook.
    Refunds,
    /// Fees that the provider told of late are booked.
    Fees,
    /// No rule says which side is right: people decide.
    People,
}

impl Remedy {
    const ALL: [Self; 4] = [Self::Confirm, Self::Refunds, Self::Fees, Self::People];

    /// The name in JSON and SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Refunds => "refunds",
            Self::Fees => "fees",
            Self::People => "people",
        }
    }
}

/// The text names no remedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no remedy")]
pub(crate) struct UnknownRemedy;

impl FromStr for Remedy {
    type Err = UnknownRemedy;

    fn from_str(text: &str) -> Result<Self, UnknownRemedy> {
        let mut all = Self::ALL.into_iter();
        all.find(|remedy| remedy.name() == text)
            .ok_or(UnknownRemedy)
    }
}

/// That the two sides disagree, and what is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) class: Class,
    pub(crate) remedy: Remedy,
}

impl Finding {
    /// Something that can be put right by itself.
    pub(super) fn repairable(class: Class, remedy: Remedy) -> Self {
        Self { class, remedy }
    }

    /// Something that people decide.
    pub(super) fn of_people(class: Class) -> Self {
        Self {
            class,
            remedy: Remedy::People,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact() {
        for class in Class::ALL {
            assert_eq!(class.name().parse(), Ok(class));
            assert_eq!(class.to_string(), class.name());
        }
        for remedy in Remedy::ALL {
            assert_eq!(remedy.name().parse(), Ok(remedy));
        }
        assert_eq!("Amount".parse::<Class>(), Err(UnknownClass));
        assert_eq!("none".parse::<Remedy>(), Err(UnknownRemedy));
    }
}
