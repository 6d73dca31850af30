//! What a buyer's bank wants back: how far that has come, how it ended, and until when the shop may answer.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};

use super::ledger::Account;

/// How far a dispute has come. It only ever goes further, so that the order of news does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum DisputeStatus {
    /// The shop has to answer.
    AwaitingMerchantFeedback,
    /// The shop has answered, and the bank looks at that.
    AwaitingBankFeedback,
    /// The provider looks at it.
    Pending,
    /// It is over.
    Resolved,
    /// It is over, and was put away.
    Archived,
}

/// The text names no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be one of awaiting_merchant_feedback, awaiting_bank_feedback, pending, resolved, archived"
)]
pub(crate) struct UnknownStatus;

impl DisputeStatus {
    /// Every status, in order.
    pub(crate) const ALL: [Self; 5] = [
        Self::AwaitingMerchantFeedback,
        Self::AwaitingBankFeedback,
        Self::Pending,
        Self::Resolved,
        Self::Archived,
    ];

    /// The name in JSON and SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AwaitingMerchantFeedback => "awaiting_merchant_feedback",
            Self::AwaitingBankFeedback => "awaiting_bank_feedback",
            Self::Pending => "pending",
            Self::Resolved => "resolved",
            Self::Archived => "archived",
        }
    }

    /// The provider's word; none for one that is new to us.
    pub(crate) fn of_gateway(word: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|status| status.name().replace('_', "-") == word)
    }

    /// Whether nothing more is to come.
    pub(crate) fn has_ended(self) -> bool {
        matches!(self, Self::Resolved | Self::Archived)
    }
}

impl FromStr for DisputeStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        let mut all = Self::ALL.into_iter();
        all.find(|status| status.name() == text)
            .ok_or(UnknownStatus)
    }
}

/// How a dispute ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum DisputeOutcome {
    /// The shop keeps the money.
    Won,
    /// The bank took it.
    Lost,
    /// The shop gave it back.
    Accepted,
    /// The shop did not answer in time.
    AutoAccepted,
}

/// The text names no outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of won, lost, accepted, auto_accepted")]
pub(crate) struct UnknownOutcome;

impl DisputeOutcome {
    /// Every outcome.
    pub(crate) const ALL: [Self; 4] = [Self::Won, Self::Lost, Self::Accepted, Self::AutoAccepted];

    /// The name in JSON and SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Accepted => "accepted",
            Self::AutoAccepted => "auto_accepted",
        }
    }

    /// Whether the money goes to the buyer.
    pub(crate) fn is_lost(self) -> bool {
        self != Self::Won
    }

    /// What the provider's resolution means. For a word that is new to us, or none, the transaction tells whether the money went.
    fn of_gateway(resolution: Option<&str>, is_reversed: bool) -> Self {
        match resolution {
            Some("declined") => Self::Won,
            Some("merchant-accepted") => Self::Accepted,
            Some("auto-accepted") => Self::AutoAccepted,
            _ if is_reversed => Self::Lost,
            _ => Self::Won,
        }
    }
}

impl FromStr for DisputeOutcome {
    type Err = UnknownOutcome;

    fn from_str(text: &str) -> Result<Self, UnknownOutcome> {
        let mut all = Self::ALL.into_iter();
        all.find(|outcome| outcome.name() == text)
            .ok_or(UnknownOutcome)
    }
}

/// Whether a resolution is a word that we know.
pub(crate) fn is_known_resolution(resolution: Option<&str>) -> bool {
    matches!(
        resolution,
        Some("declined" | "merchant-accepted" | "auto-accepted")
    )
}

/// The account that pays for what a lost dispute takes.
pub(crate) fn charged_to(is_kept: bool) -> Account {
    if is_kept {
        Account::Chargebacks
    } else {
        Account::Suspense
    }
}

/// How a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stand {
    pub(crate) status: DisputeStatus,
    /// There once it has ended.
    pub(crate) outcome: Option<DisputeOutcome>,
}

impl Stand {
    /// By the provider's own account; `status` is none for a word that is new to us, which is taken for being under way.
    pub(crate) fn of_gateway(
        status: Option<DisputeStatus>,
        resolution: Option<&str>,
        is_reversed: bool,
    ) -> Self {
        let status = status.unwrap_or(DisputeStatus::Pending);
        let ended = status.has_ended();
        Self {
            status,
            outcome: ended.then(|| DisputeOutcome::of_gateway(resolution, is_reversed)),
        }
    }

    /// What a dispute that stood so is after the provider was asked; none if that is no news. An end may be another one later, as
    /// banks think twice; nothing that has ended begins again.
    pub(crate) fn after(self, seen: Self) -> Option<Self> {
        let next = Self {
            status: self.status.max(seen.status),
            outcome: seen.outcome.or(self.outcome),
        };
        (next != self).then_some(next)
    }
}

/// Who said until when the shop may answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DueSource {
    /// The provider.
    Provider,
    /// Nobody; it is what the provider allows for the currency, by our settings.
    Assumed,
}

impl DueSource {
    /// The name in JSON and SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Assumed => "assumed",
        }
    }
}

/// How long the provider lets a shop answer, by currency, where it does not say until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AnswerTimes {
    /// For every other currency.
    pub(crate) usual: TimeDelta,
    /// By code.
    pub(crate) of: Vec<(String, TimeDelta)>,
}

impl AnswerTimes {
    /// Until when a dispute of a currency is to be answered that was opened then.
    pub(crate) fn due_at(&self, currency: &str, opened_at: DateTime<Utc>) -> DateTime<Utc> {
        let own = self.of.iter().find(|(code, _)| code == currency);
        opened_at + own.map_or(self.usual, |(_, time)| *time)
    }
}

#[cfg(test)]
mod tests {
    use super::DisputeStatus::*;
    use super::*;

    const OPEN: Stand = Stand {
        status: AwaitingMerchantFeedback,
        outcome: None,
    };

    fn ended(outcome: DisputeOutcome) -> Stand {
        Stand {
            status: Resolved,
            outcome: Some(outcome),
        }
    }

    #[test]
    fn a_dispute_only_goes_further() {
        for (place, from) in DisputeStatus::ALL.into_iter().enumerate() {
            for (other, to) in DisputeStatus::ALL.into_iter().enumerate() {
                let stand = |status: DisputeStatus| {
                    Stand::of_gateway(Some(status), Some("declined"), false)
                };
                let next = stand(from).after(stand(to));
                let expected = (other > place).then(|| stand(to));
                assert_eq!(next, expected, "{} to {}", from.name(), to.name());
            }
        }
    }

    #[test]
    fn nothing_that_ended_begins_again_but_banks_may_think_twice() {
        let (lost, won) = (
            ended(DisputeOutcome::AutoAccepted),
            ended(DisputeOutcome::Won),
        );
        assert_eq!(lost.after(OPEN), None);
        assert_eq!(lost.after(won), Some(won));
        assert_eq!(won.after(lost), Some(lost));
        assert_eq!(won.after(won), None);
    }

    #[test]
    fn every_resolution_means_something() {
        let outcome = |word, is_reversed| {
            let stand = Stand::of_gateway(Some(Resolved), word, is_reversed);
            stand.outcome.unwrap()
        };
        assert_eq!(outcome(Some("declined"), true), DisputeOutcome::Won);
        assert_eq!(
            outcome(Some("merchant-accepted"), false),
            DisputeOutcome::Accepted
        );
        assert_eq!(
            outcome(Some("auto-accepted"), false),
            DisputeOutcome::AutoAccepted
        );
        for word in [None, Some("bank-accepted")] {
            assert_eq!(outcome(word, true), DisputeOutcome::Lost);
            assert_eq!(outcome(word, false), DisputeOutcome::Won);
        }
        assert_eq!(
            Stand::of_gateway(Some(Pending), Some("declined"), true).outcome,
            None
        );
        assert_eq!(Stand::of_gateway(None, None, false).status, Pending);
    }

    #[test]
    fn the_providers_words_and_ours_are_understood() {
        assert_eq!(
            DisputeStatus::of_gateway("awaiting-bank-feedback"),
            Some(AwaitingBankFeedback)
        );
        assert_eq!(DisputeStatus::of_gateway("paused"), None);
        for status in DisputeStatus::ALL {
            assert_eq!(status.name().parse(), Ok(status));
        }
        for outcome in DisputeOutcome::ALL {
            assert_eq!(outcome.name().parse(), Ok(outcome));
        }
        assert!("open".parse::<DisputeStatus>().is_err());
        assert!("draw".parse::<DisputeOutcome>().is_err());
    }

    #[test]
    fn where_the_provider_names_no_deadline_it_is_the_currencys() {
        let times = AnswerTimes {
            usual: TimeDelta::hours(16),
            of: vec![("GHS".to_owned(), TimeDelta::hours(24))],
        };
        let opened = DateTime::from_timestamp(1_768_300_200, 0).unwrap();
        assert_eq!(times.due_at("GHS", opened), opened + TimeDelta::hours(24));
        assert_eq!(times.due_at("NGN", opened), opened + TimeDelta::hours(16));
    }
}
