//! Judging a refund: what we know of it, and what the provider says.

use chrono::{DateTime, Utc};

use super::class::{Class, Finding, Remedy};
use super::payment::SETTLES_WITHIN;
use crate::domain::refund::{self, RefundStatus, Step};

/// What we know of a refund that the provider has, or had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OurRefund {
    pub(crate) status: RefundStatus,
    /// In hundredths.
    pub(crate) amount_minor: i64,
    pub(crate) currency: String,
}

/// What the provider says of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TheirRefund {
    /// None for a word that is new to us.
    pub(crate) status: Option<RefundStatus>,
    /// In hundredths.
    pub(crate) amount_minor: i64,
    pub(crate) currency: String,
    /// Whether it was taken with a dispute, and so is none that anybody asked for.
    pub(crate) is_of_dispute: bool,
    /// When it last changed, if the provider says so.
    pub(crate) updated_at: Option<DateTime<Utc>>,
}

/// Which side of it we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The refund is none of ours, but of a payment of ours.
    Payment,
    /// It is one of ours that the provider has and that is not adopted yet, by what is written beside it.
    Awaited,
    /// Nobody of ours.
    Nobody,
}

/// Where the two sides disagree about a refund that we know; `None`: the provider does not know it.
pub(crate) fn judge(
    now: DateTime<Utc>,
    ours: &OurRefund,
    theirs: Option<&TheirRefund>,
) -> Option<Finding> {
    let Some(theirs) = theirs else {
        // What came to nothing may be forgotten.
        let is_alive = ours.status != RefundStatus::Failed;
        return is_alive.then(|| Finding::of_people(Class::RefundMissing));
    };
    if ours.amount_minor != theirs.amount_minor || ours.currency != theirs.currency {
        return Some(Finding::of_people(Class::RefundAmount));
    }
    let status = theirs.status.unwrap_or(RefundStatus::Processing);
    let is_news = refund::follow(ours.status, status) != Step::Nothing;
    let is_old = is_old(now, theirs.updated_at);
    (is_news && is_old).then(|| Finding::repairable(Class::Status, Remedy::Refunds))
}

/// Whether a refund of the provider's that is none of ours is one too many.
pub(crate) fn judge_extra(
    now: DateTime<Utc>,
    owner: Owner,
    theirs: &TheirRefund,
) -> Option<Finding> {
    // One of a dispute says why its payment is reversed; one that failed moved no money.
    let is_money = theirs.status != Some(RefundStatus::Failed) && !theirs.is_of_dispute;
    match owner {
        _ if !is_money || !is_old(now, theirs.updated_at) => None,
        Owner::Awaited => None,
        Owner::Payment => Some(Finding::repairable(Class::RefundExtra, Remedy::Refunds)),
        Owner::Nobody => Some(Finding::of_people(Class::RefundExtra)),
    }
}

fn is_old(now: DateTime<Utc>, updated_at: Option<DateTime<Utc>>) -> bool {
    updated_at.is_none_or(|updated_at| updated_at + SETTLES_WITHIN <= now)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::RefundStatus::*;
    use super::*;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn ours(status: RefundStatus) -> OurRefund {
        OurRefund {
            status,
            amount_minor: 700,
            currency: "NGN".to_owned(),
        }
    }

    fn theirs(status: RefundStatus) -> TheirRefund {
        TheirRefund {
            status: Some(status),
            amount_minor: 700,
            currency: "NGN".to_owned(),
            is_of_dispute: false,
            updated_at: Some(NOW - TimeDelta::hours(1)),
        }
    }

    #[test]
    fn every_pair_of_states_has_an_answer() {
        let repaired = Some(Finding::repairable(Class::Status, Remedy::Refunds));
        for (known, seen, found) in [
            (Requested, Processing, repaired),
            (Requested, Failed, repaired),
            (Processing, Processing, None),
            (Processing, Processed, repaired),
            (Processing, NeedsAttention, repaired),
            (NeedsAttention, Processing, repaired),
            (NeedsAttention, NeedsAttention, None),
            (Processed, Processed, None),
            (Processed, Processing, None),
            (Processed, Failed, repaired),
            (Failed, Processed, repaired),
            (Failed, Failed, None),
        ] {
            assert_eq!(
                judge(NOW, &ours(known), Some(&theirs(seen))),
                found,
                "{known} {seen}"
            );
        }
    }

    #[test]
    fn what_changed_a_moment_ago_is_on_its_way_to_us() {
        let new = TheirRefund {
            updated_at: Some(NOW),
            ..theirs(Processed)
        };
        assert_eq!(judge(NOW, &ours(Processing), Some(&new)), None);
        assert_eq!(judge_extra(NOW, Owner::Payment, &new), None);
        let undated = TheirRefund {
            updated_at: None,
            ..theirs(Processed)
        };
        assert!(judge(NOW, &ours(Processing), Some(&undated)).is_some());
    }

    #[test]
    fn one_that_the_provider_lost_is_missing_unless_it_had_come_to_nothing() {
        let missing = Some(Finding::of_people(Class::RefundMissing));
        for (status, found) in [
            (Requested, missing),
            (Processing, missing),
            (NeedsAttention, missing),
            (Processed, missing),
            (Failed, None),
        ] {
            assert_eq!(judge(NOW, &ours(status), None), found, "{status}");
        }
    }

    #[test]
    fn another_amount_or_currency_is_found_before_another_state() {
        let other = Some(Finding::of_people(Class::RefundAmount));
        let amount = TheirRefund {
            amount_minor: 701,
            ..theirs(Processed)
        };
        assert_eq!(judge(NOW, &ours(Processing), Some(&amount)), other);
        let currency = TheirRefund {
            currency: "USD".to_owned(),
            ..theirs(Processing)
        };
        assert_eq!(judge(NOW, &ours(Processing), Some(&currency)), other);
    }

    #[test]
    fn one_too_many_is_money_that_went_back_unasked() {
        let extra = |owner, theirs: &TheirRefund| judge_extra(NOW, owner, theirs);
        let repaired = Finding::repairable(Class::RefundExtra, Remedy::Refunds);
        assert_eq!(extra(Owner::Payment, &theirs(Processed)), Some(repaired));
        let left = Finding::of_people(Class::RefundExtra);
        assert_eq!(extra(Owner::Nobody, &theirs(Processing)), Some(left));
        assert_eq!(extra(Owner::Awaited, &theirs(Processing)), None);
        assert_eq!(extra(Owner::Payment, &theirs(Failed)), None);
        let of_dispute = TheirRefund {
            is_of_dispute: true,
            ..theirs(Processed)
        };
        assert_eq!(extra(Owner::Payment, &of_dispute), None);
    }
}
