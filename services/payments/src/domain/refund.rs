//! Money that goes back: how much may, and how far it has come.

use std::fmt;
use std::str::FromStr;

use super::ledger::Account;

/// How far a refund has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundStatus {
    /// Decided; as far as we know, the provider has not heard of it.
    Requested,
    /// The provider has it.
    Processing,
    /// The buyer has it.
    Processed,
    /// It came to nothing; the money is the shop's again.
    Failed,
    /// The provider needs the buyer's account.
    NeedsAttention,
}

/// The text names no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of requested, processing, processed, failed, needs_attention")]
pub struct UnknownStatus;

impl RefundStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [
        Self::Requested,
        Self::Processing,
        Self::Processed,
        Self::Failed,
        Self::NeedsAttention,
    ];

    /// The name in JSON and SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Processing => "processing",
            Self::Processed => "processed",
            Self::Failed => "failed",
            Self::NeedsAttention => "needs_attention",
        }
    }

    /// The provider's word; none for one that is new to us.
    pub fn of_gateway(word: &str) -> Option<Self> {
        match word {
            "pending" | "processing" => Some(Self::Processing),
            "processed" => Some(Self::Processed),
            "failed" => Some(Self::Failed),
            "needs-attention" => Some(Self::NeedsAttention),
            _ => None,
        }
    }

    /// Whether it has come to an end. Banks may still undo that.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Processed | Self::Failed)
    }
}

impl fmt::Display for RefundStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for RefundStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        let mut all = Self::ALL.into_iter();
        all.find(|status| status.name() == text)
            .ok_or(UnknownStatus)
    }
}

/// What follows from how a refund stands at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing new.
    Nothing,
    /// It has come this far.
    To(RefundStatus),
    /// It had reached the buyer, and has come back.
    Returned,
    /// It had come to nothing, and has reached the buyer after all.
    Reinstated,
}

/// What follows from how a refund stands at the provider, by the provider's own present account.
pub fn follow(known: RefundStatus, seen: RefundStatus) -> Step {
    use RefundStatus::{Failed, NeedsAttention, Processed, Processing, Requested};
    match (known, seen) {
        // The provider has no such word: it cannot have lost what it had.
        (_, Requested) => Step::Nothing,
        (Processed, Failed) => Step::Returned,
        (Failed, Processed) => Step::Reinstated,
        (Processed | Failed, _) | (Processing, Processing) | (NeedsAttention, NeedsAttention) => {
            Step::Nothing
        }
        (Requested | Processing | NeedsAttention, seen) => Step::To(seen),
    }
}

/// Who decided a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The shop's staff.
    Staff,
    /// This system, because nothing keeps the capture.
    System,
    /// Somebody at the provider.
    External,
}

impl Origin {
    /// The name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::System => "system",
            Self::External => "external",
        }
    }
}

/// The account that pays for a refund.
pub(crate) fn charged_to(is_kept: bool) -> Account {
    if is_kept {
        Account::Refunds
    } else {
        Account::Suspense
    }
}

/// Why an amount cannot go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooMuch {
    /// All went back, or is on its way.
    #[error("nothing is left to be refunded")]
    NothingLeft,
    /// Less is left than that.
    #[error("more than is left to be refunded")]
    MoreThanLeft,
}

/// How much goes back, in hundredths: `wanted`, or all that is left. `taken` is what went back or is on its way.
pub fn cap(paid: i64, taken: i64, wanted: Option<i64>) -> Result<i64, TooMuch> {
    let left = paid.saturating_sub(taken);
    match wanted {
        _ if left <= 0 => Err(TooMuch::NothingLeft),
        None => Ok(left),
        Some(wanted) if wanted > left => Err(TooMuch::MoreThanLeft),
        Some(wanted) => Ok(wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::RefundStatus::*;
    use super::*;

    #[test]
    fn every_status_has_an_answer_to_every_other() {
        let (none, to) = (Step::Nothing, Step::To);
        for (known, expected) in [
            // requested, processing, processed, failed, needs attention
            (
                Requested,
                [
                    none,
                    to(Processing),
                    to(Processed),
                    to(Failed),
                    to(NeedsAttention),
                ],
            ),
            (
                Processing,
                [none, none, to(Processed), to(Failed), to(NeedsAttention)],
            ),
            (Processed, [none, none, none, Step::Returned, none]),
            (Failed, [none, none, Step::Reinstated, none, none]),
            (
                NeedsAttention,
                [none, to(Processing), to(Processed), to(Failed), none],
            ),
        ] {
            for (seen, expected) in RefundStatus::ALL.into_iter().zip(expected) {
                assert_eq!(follow(known, seen), expected, "{known}, {seen}");
            }
        }
    }

    #[test]
    fn the_providers_five_words_are_understood() {
        for (word, status) in [
            ("pending", Some(Processing)),
            ("processing", Some(Processing)),
            ("processed", Some(Processed)),
            ("failed", Some(Failed)),
            ("needs-attention", Some(NeedsAttention)),
            ("paused", None),
        ] {
            assert_eq!(RefundStatus::of_gateway(word), status);
        }
    }

    #[test]
    fn names_are_exact() {
        for status in RefundStatus::ALL {
            assert_eq!(status.name().parse(), Ok(status));
            assert_eq!(status.to_string(), status.name());
        }
        assert_eq!("Failed".parse::<RefundStatus>(), Err(UnknownStatus));
        let origins = [Origin::Staff, Origin::System, Origin::External];
        assert_eq!(origins.map(Origin::name), ["staff", "system", "external"]);
    }

    #[test]
    fn a_refund_ends_with_the_buyer_or_in_nothing() {
        let ended = RefundStatus::ALL.into_iter().filter(|one| one.has_ended());
        assert!(ended.eq([Processed, Failed]));
    }

    #[test]
    fn what_no_order_keeps_goes_back_out_of_suspense_and_never_out_of_income() {
        assert_eq!(charged_to(false), Account::Suspense);
        assert_eq!(charged_to(true), Account::Refunds);
    }

    #[test]
    fn never_more_goes_back_than_was_paid() {
        for (taken, wanted, expected) in [
            (0, None, Ok(100)),
            (0, Some(100), Ok(100)),
            (0, Some(101), Err(TooMuch::MoreThanLeft)),
            (99, None, Ok(1)),
            (99, Some(2), Err(TooMuch::MoreThanLeft)),
            (100, None, Err(TooMuch::NothingLeft)),
            (100, Some(1), Err(TooMuch::NothingLeft)),
            (150, None, Err(TooMuch::NothingLeft)),
        ] {
            assert_eq!(cap(100, taken, wanted), expected, "{taken} {wanted:?}");
        }
    }
}
