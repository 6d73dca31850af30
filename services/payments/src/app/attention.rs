//! Putting something before people.

use common::ids;
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use messaging::Trail;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::ids::PaymentId;
use crate::store;
use crate::store::attention::{Again, NewItem, Of};

/// Why a person has to look at something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attention {
    /// Something else than what was due was paid.
    Mismatch,
    /// It went back before we knew that it was paid.
    Reversed,
    /// The provider answered about something else than what was asked.
    AlienAnswer,
    /// The provider tells of a payment that nobody here knows, or does not say of which.
    UnknownReference,
    /// The provider told that it is paid, and did not confirm that.
    Unconfirmed,
    /// It is paid, and its order has not answered for it.
    Unclaimed,
    /// The provider told the same event in two ways.
    ContradictingEvent,
    /// What the provider says of a refund cannot be.
    ContradictingRefund,
    /// A refund failed. One of the system's own is made again, any other only if somebody decides that.
    RefundFailed,
    /// The system has given up paying it back.
    RefundStopped,
    /// A refund had reached the buyer and has come back.
    RefundReturned,
    /// The provider needs the buyer's account for a refund.
    RefundWaits,
    /// A refund was made that nobody here asked for.
    ExternalRefund,
    /// Orders keeps two payments of one order.
    KeptTwice,
    /// What was paid out is not what the books explain, came back, or has not arrived at the bank.
    Settlement,
    /// The provider says otherwise than we do, and no rule says who is right.
    Reconciliation,
    /// A dispute is about nothing we know, or ended in a way that does not add up.
    Dispute,
    /// A dispute is to be answered soon.
    DisputeDeadline,
}

impl Attention {
    fn name(self) -> &'static str {
        match self {
            Self::Mismatch => "mismatch",
            Self::Reversed => "reversed",
            Self::AlienAnswer => "alien_answer",
            Self::UnknownReference => "unknown_reference",
            Self::Unconfirmed => "unconfirmed",
            Self::Unclaimed => "unclaimed",
            Self::ContradictingEvent => "contradicting_event",
            Self::ContradictingRefund => "contradicting_refund",
            Self::RefundFailed => "refund_failed",
            Self::RefundStopped => "refund_stopped",
            Self::RefundReturned => "refund_returned",
            Self::RefundWaits => "refund_needs_attention",
            Self::ExternalRefund => "external_refund",
            Self::KeptTwice => "kept_twice",
            Self::Settlement => "settlement",
            Self::Reconciliation => "reconciliation",
            Self::Dispute => "dispute",
            Self::DisputeDeadline => "dispute_deadline",
        }
    }

    /// What is said when something happens, may happen again. What is found at each look, and was looked at by people, stays so.
    fn again(self) -> Again {
        match self {
            Self::RefundFailed
            | Self::RefundStopped
            | Self::RefundReturned
            | Self::RefundWaits
            | Self::Dispute => Again::Opens,
            Self::Mismatch
            | Self::Reversed
            | Self::AlienAnswer
            | Self::UnknownReference
            | Self::Unconfirmed
            | Self::Unclaimed
            | Self::ContradictingEvent
            | Self::ContradictingRefund
            | Self::ExternalRefund
            | Self::KeptTwice
            | Self::Settlement
            | Self::Reconciliation
            | Self::DisputeDeadline => Again::StaysClosed,
        }
    }
}

/// What is put before people.
pub(super) struct About {
    /// A payment, a refund, a dispute, a webhook event, a settlement, what was booked about one or a mismatch.
    pub(super) subject: Uuid,
    pub(super) payment: Option<PaymentId>,
    /// Ids, amounts, states; nothing about a person.
    pub(super) facts: Value,
}

/// Puts something before people, once for as long as it is open.
pub(super) async fn call(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    why: Attention,
    about: About,
) -> QueryResult<()> {
    let item = NewItem {
        id: ids::new_id(),
        kind: why.name(),
        subject: about.subject,
        payment: about.payment,
        facts: about.facts,
        again: why.again(),
        now: trail.now(),
    };
    if store::attention::open(conn, &item).await? {
        tracing::error!(kind = item.kind, subject.id = %item.subject, "somebody has to look at {}", item.subject);
    }
    Ok(())
}

/// Takes what is open of these kinds away again, because it has come to an end.
pub(super) async fn close(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    of: Of,
    kinds: &[Attention],
    outcome: &'static str,
) -> QueryResult<()> {
    let kinds = kinds.iter().map(|kind| kind.name()).collect();
    store::attention::close(conn, of, kinds, outcome, trail.now()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_counted() {
        use Attention as A;
        for kind in [
            A::Mismatch,
            A::Reversed,
            A::AlienAnswer,
            A::UnknownReference,
            A::Unconfirmed,
            A::Unclaimed,
            A::ContradictingEvent,
            A::ContradictingRefund,
            A::RefundFailed,
            A::RefundStopped,
            A::RefundReturned,
            A::RefundWaits,
            A::ExternalRefund,
            A::KeptTwice,
            A::Settlement,
            A::Reconciliation,
            A::Dispute,
            A::DisputeDeadline,
        ] {
            assert!(super::super::counters::ATTENTION.contains(&kind.name()));
        }
    }
}
