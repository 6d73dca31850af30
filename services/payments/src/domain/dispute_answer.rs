//! What the shop answers to a dispute, and how far that has come at the provider.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::dispute::{DisputeOutcome, DisputeStatus, Stand};

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnswerKind {
    /// The shop owes nothing, and says why.
    Evidence,
    /// The shop gives the money back.
    Acceptance,
}

/// How far an answer has come. Each step is written before the next is taken, so whoever goes on takes none twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AnswerStep {
    /// Staff has decided it.
    Begun,
    /// The provider has the file.
    Uploaded,
    /// The provider has what speaks for the shop.
    Explained,
    /// The provider has the answer.
    Given,
}

/// The text names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is none that is known")]
pub(crate) struct UnknownAnswer;

impl AnswerKind {
    /// The name in JSON and SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Acceptance => "acceptance",
        }
    }

    /// Whether a dispute that stands so can be the consequence of such an answer.
    pub(crate) fn explains(self, stand: Stand) -> bool {
        match (self, stand.outcome) {
            (_, None) => stand.status != DisputeStatus::AwaitingMerchantFeedback,
            (Self::Evidence, Some(outcome)) => {
                matches!(outcome, DisputeOutcome::Won | DisputeOutcome::Lost)
            }
            (Self::Acceptance, Some(outcome)) => outcome == DisputeOutcome::Accepted,
        }
    }
}

impl FromStr for AnswerKind {
    type Err = UnknownAnswer;

    fn from_str(text: &str) -> Result<Self, UnknownAnswer> {
        let mut all = [Self::Evidence, Self::Acceptance].into_iter();
        all.find(|kind| kind.name() == text).ok_or(UnknownAnswer)
    }
}

impl AnswerStep {
    const ALL: [Self; 4] = [Self::Begun, Self::Uploaded, Self::Explained, Self::Given];

    /// The name in JSON and SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Uploaded => "uploaded",
            Self::Explained => "explained",
            Self::Given => "given",
        }
    }
}

impl FromStr for AnswerStep {
    type Err = UnknownAnswer;

    fn from_str(text: &str) -> Result<Self, UnknownAnswer> {
        let mut all = Self::ALL.into_iter();
        all.find(|step| step.name() == text).ok_or(UnknownAnswer)
    }
}

/// Why a dispute cannot be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unanswerable {
    /// It is over.
    #[error("the dispute is over")]
    Over,
    /// It was answered before.
    #[error("the dispute was answered before")]
    Answered,
    /// The time to answer is over.
    #[error("the time to answer the dispute is over")]
    Late,
}

/// Whether the shop may answer a dispute that stands so.
///
/// # Errors
/// Why not.
pub(crate) fn check(
    stand: Stand,
    due_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Unanswerable> {
    if stand.outcome.is_some() {
        Err(Unanswerable::Over)
    } else if stand.status != DisputeStatus::AwaitingMerchantFeedback {
        Err(Unanswerable::Answered)
    } else if due_at <= now {
        Err(Unanswerable::Late)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand(status: DisputeStatus, outcome: Option<DisputeOutcome>) -> Stand {
        Stand { status, outcome }
    }

    #[test]
    fn only_what_waits_for_the_shop_is_answered_and_only_in_time() {
        let due = DateTime::from_timestamp(1_768_300_200, 0).unwrap();
        let early = due - chrono::TimeDelta::seconds(1);
        let open = stand(DisputeStatus::AwaitingMerchantFeedback, None);
        assert_eq!(check(open, due, early), Ok(()));
        assert_eq!(check(open, due, due), Err(Unanswerable::Late));
        let with_bank = stand(DisputeStatus::AwaitingBankFeedback, None);
        assert_eq!(check(with_bank, due, early), Err(Unanswerable::Answered));
        let over = stand(DisputeStatus::Resolved, Some(DisputeOutcome::Won));
        assert_eq!(check(over, due, early), Err(Unanswerable::Over));
    }

    #[test]
    fn an_end_is_ours_only_if_our_answer_leads_there() {
        use AnswerKind::{Acceptance, Evidence};
        let end = |outcome| stand(DisputeStatus::Resolved, Some(outcome));
        for (outcome, evidence, acceptance) in [
            (DisputeOutcome::Won, true, false),
            (DisputeOutcome::Lost, true, false),
            (DisputeOutcome::Accepted, false, true),
            (DisputeOutcome::AutoAccepted, false, false),
        ] {
            assert_eq!(
                Evidence.explains(end(outcome)),
                evidence,
                "{}",
                outcome.name()
            );
            assert_eq!(
                Acceptance.explains(end(outcome)),
                acceptance,
                "{}",
                outcome.name()
            );
        }
        assert!(!Evidence.explains(stand(DisputeStatus::AwaitingMerchantFeedback, None)));
        assert!(Evidence.explains(stand(DisputeStatus::AwaitingBankFeedback, None)));
    }

    #[test]
    fn names_are_exact() {
        for step in AnswerStep::ALL {
            assert_eq!(step.name().parse(), Ok(step));
        }
        assert_eq!("evidence".parse(), Ok(AnswerKind::Evidence));
        assert!("silence".parse::<AnswerKind>().is_err());
    }
}
