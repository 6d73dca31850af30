//! Judging a payment: what was due, what we have noted, what the provider says.

use chrono::{DateTime, TimeDelta, Utc};
use money::Money;

use super::class::{Class, Finding, Remedy};
use crate::domain::fees::{FeeBearer, believable};
use crate::domain::mode::Mode;
use crate::domain::observation::{GatewayStatus, Observation};
use crate::domain::status::PaymentStatus;

/// How long the usual ways, webhook and poller, may take until what is new to us counts as missed.
pub(crate) const SETTLES_WITHIN: TimeDelta = TimeDelta::minutes(10);
/// After so long nobody is about to pay any more.
const STALE_AFTER: TimeDelta = TimeDelta::hours(24);

/// What we know of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ours {
    pub(crate) status: PaymentStatus,
    pub(crate) due: Money,
    /// What was taken, once it was.
    pub(crate) capture: Option<Captured>,
    pub(crate) is_kept: bool,
    /// Another payment is kept by the order.
    pub(crate) has_kept_rival: bool,
    /// Whether an order may still answer for it, or its day to be paid back is set.
    pub(crate) is_decided_later: bool,
    /// What went back or is on its way, in hundredths.
    pub(crate) going_back_minor: i64,
    /// A buyer's bank took it back, and that is booked.
    pub(crate) is_charged_back: bool,
    pub(crate) created_at: DateTime<Utc>,
}

/// What was taken, as we have noted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Captured {
    /// In hundredths.
    pub(crate) paid_minor: i64,
    /// As the provider named it.
    pub(crate) currency: String,
    /// What is booked as the provider's fees; none as long as it has not told them.
    pub(crate) fees_minor: Option<i64>,
}

/// What the provider says of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Theirs {
    /// It does not know it.
    Unknown,
    /// This, and whether it has refunds that explain that it goes back.
    Seen {
        seen: Observation,
        is_refunded: bool,
    },
}

/// By what is judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) mode: Mode,
    pub(crate) bearer: FeeBearer,
    pub(crate) now: DateTime<Utc>,
}

impl Ours {
    /// Whether nothing of it is left with the shop, or will be.
    fn is_all_back(&self) -> bool {
        let taken = self.capture.as_ref().map(|capture| capture.paid_minor);
        self.status == PaymentStatus::Refunded
            || taken.is_some_and(|taken| self.going_back_minor >= taken)
    }

    fn is_stale(&self, now: DateTime<Utc>) -> bool {
        self.status.is_open() && self.created_at + STALE_AFTER <= now
    }
}

/// Where the two sides disagree about a payment that we know.
pub(crate) fn judge(terms: &Terms, ours: &Ours, theirs: &Theirs) -> Vec<Finding> {
    let of_sides = match (&ours.capture, theirs) {
        // What another world of the provider's has is not what we mean.
        (Some(_), Theirs::Seen { seen, .. }) if seen.domain != terms.mode.domain() => {
            Some(Finding::of_people(Class::MissingGateway))
        }
        (Some(capture), Theirs::Seen { seen, is_refunded }) => {
            judge_captured(terms, ours, capture, (seen, *is_refunded))
        }
        (Some(_), Theirs::Unknown) => Some(Finding::of_people(Class::MissingGateway)),
        (None, Theirs::Seen { seen, .. }) if seen.domain == terms.mode.domain() => {
            judge_uncaptured(terms, ours, seen)
        }
        (None, _) => judge_stale(terms, ours),
    };
    let is_double = ours.capture.is_some()
        && ours.has_kept_rival
        && !ours.is_kept
        && !ours.is_decided_later
        && !ours.is_all_back();
    let of_order = is_double.then(|| Finding::of_people(Class::DoubleKept));
    of_sides.into_iter().chain(of_order).collect()
}

/// Whether the provider has money of which we know nothing, given that we know no payment of this name.
pub(crate) fn judge_stranger(terms: &Terms, seen: &Observation) -> Option<Finding> {
    let is_paid = matches!(
        seen.status,
        GatewayStatus::Success | GatewayStatus::Reversed
    );
    let is_ours = seen.domain == terms.mode.domain();
    (is_paid && is_ours).then(|| Finding::of_people(Class::MissingLocal))
}

fn judge_captured(
    terms: &Terms,
    ours: &Ours,
    capture: &Captured,
    (seen, is_refunded): (&Observation, bool),
) -> Option<Finding> {
    let is_going_back = match seen.status {
        GatewayStatus::Success => false,
        GatewayStatus::Reversed => true,
        GatewayStatus::Abandoned
        | GatewayStatus::Failed
        | GatewayStatus::Underway
        | GatewayStatus::Other => return Some(Finding::of_people(Class::Status)),
    };
    let due = ours.due;
    // What went back in full is settled, whatever it was.
    let is_settled = ours.is_all_back();
    let is_full = terms
        .bearer
        .is_paid_in_full(due.minor(), seen.paid_minor, seen.requested_minor);
    let is_explained = is_refunded || ours.going_back_minor > 0 || ours.is_charged_back;
    if capture.currency != seen.currency || (!is_settled && seen.currency != due.currency().code())
    {
        Some(Finding::of_people(Class::Currency))
    } else if capture.paid_minor != seen.paid_minor || (!is_settled && !is_full) {
        Some(Finding::of_people(Class::Amount))
    } else if is_going_back && !is_explained {
        Some(Finding::of_people(Class::Reversed))
    } else {
        judge_fees(capture, seen)
    }
}

/// Fees that the provider does not tell are no anomaly; those that it tells first after the payment are booked then.
fn judge_fees(capture: &Captured, seen: &Observation) -> Option<Finding> {
    let told = seen.fees_minor?;
    match capture.fees_minor {
        Some(known) if known == told => None,
        None if believable(Some(told), seen.paid_minor).is_some() => {
            Some(Finding::repairable(Class::FeeAnomaly, Remedy::Fees))
        }
        Some(_) | None => Some(Finding::of_people(Class::FeeAnomaly)),
    }
}

fn judge_uncaptured(terms: &Terms, ours: &Ours, seen: &Observation) -> Option<Finding> {
    let class = match seen.status {
        GatewayStatus::Success => Class::Status,
        GatewayStatus::Reversed => Class::Reversed,
        GatewayStatus::Abandoned
        | GatewayStatus::Failed
        | GatewayStatus::Underway
        | GatewayStatus::Other => return judge_stale(terms, ours),
    };
    // What was paid a moment ago is still on its way to us.
    let is_new = seen
        .paid_at
        .is_some_and(|paid_at| paid_at + SETTLES_WITHIN > terms.now);
    (!is_new).then(|| Finding::repairable(class, Remedy::Confirm))
}

fn judge_stale(terms: &Terms, ours: &Ours) -> Option<Finding> {
    let is_stale = ours.is_stale(terms.now);
    is_stale.then(|| Finding::repairable(Class::StalePending, Remedy::Confirm))
}

#[cfg(test)]
mod tests;
