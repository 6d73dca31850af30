//! What a buyer's bank wants back, as far as it concerns the goods.

use std::str::FromStr;

/// How a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DisputeStatus {
    /// Nobody knows yet who gets the money.
    Open,
    /// The shop keeps the money.
    Won,
    /// The bank took it.
    Lost,
    /// The shop gave it back.
    Accepted,
    /// The shop did not answer in time.
    AutoAccepted,
}

/// The text names no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of open, won, lost, accepted, auto_accepted")]
pub(crate) struct UnknownDisputeStatus;

impl DisputeStatus {
    /// Every status.
    pub(crate) const ALL: [Self; 5] = [
        Self::Open,
        Self::Won,
        Self::Lost,
        Self::Accepted,
        Self::AutoAccepted,
    ];

    /// The name in JSON and SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Accepted => "accepted",
            Self::AutoAccepted => "auto_accepted",
        }
    }

    /// What an order's history says of it.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Open => "the payment is disputed",
            Self::Won => "the dispute ended for the shop",
            Self::Lost => "the dispute ended for the buyer",
            Self::Accepted => "the dispute was accepted",
            Self::AutoAccepted => "the dispute was not answered in time",
        }
    }
}

impl FromStr for DisputeStatus {
    type Err = UnknownDisputeStatus;

    fn from_str(text: &str) -> Result<Self, UnknownDisputeStatus> {
        let mut all = Self::ALL.into_iter();
        all.find(|status| status.name() == text)
            .ok_or(UnknownDisputeStatus)
    }
}

/// A dispute of one of an order's payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) status: DisputeStatus,
    /// What it has taken, in hundredths.
    pub(crate) taken_minor: i64,
}

/// Why goods do not leave the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Hold {
    /// Nobody knows yet who gets the money.
    #[error(
        "the order's payment is disputed; it can be shipped once the dispute is decided for the shop"
    )]
    Disputed,
    /// Disputes took the money.
    #[error("all that was paid for the order went back to the buyer by a dispute")]
    PaidBack,
}

/// Whether an order may be shipped with these disputes. `left_minor` is what is left of its payment, in hundredths.
pub(crate) fn hold(claims: &[Claim], left_minor: i64) -> Option<Hold> {
    if claims
        .iter()
        .any(|claim| claim.status == DisputeStatus::Open)
    {
        return Some(Hold::Disputed);
    }
    let has_lost = claims.iter().any(|claim| claim.taken_minor > 0);
    (has_lost && left_minor <= 0).then_some(Hold::PaidBack)
}

#[cfg(test)]
mod tests {
    use super::DisputeStatus::*;
    use super::*;

    fn claim(status: DisputeStatus, taken_minor: i64) -> Claim {
        Claim {
            status,
            taken_minor,
        }
    }

    #[test]
    fn goods_wait_for_open_disputes_and_stay_where_the_money_went() {
        for (claims, left, expected) in [
            (vec![], 0, None),
            (vec![claim(Open, 0)], 100, Some(Hold::Disputed)),
            (vec![claim(Won, 0)], 100, None),
            (
                vec![claim(Won, 0), claim(Open, 0)],
                100,
                Some(Hold::Disputed),
            ),
            (vec![claim(Lost, 40)], 60, None),
            (
                vec![claim(Lost, 40), claim(AutoAccepted, 60)],
                0,
                Some(Hold::PaidBack),
            ),
            (vec![claim(Accepted, 100)], 0, Some(Hold::PaidBack)),
            // All of it went back by refunds, which have their own say.
            (vec![claim(Won, 0)], 0, None),
        ] {
            assert_eq!(hold(&claims, left), expected, "{claims:?} {left}");
        }
    }

    #[test]
    fn names_are_exact() {
        for status in DisputeStatus::ALL {
            assert_eq!(status.name().parse(), Ok(status));
        }
        assert!("draw".parse::<DisputeStatus>().is_err());
    }
}
