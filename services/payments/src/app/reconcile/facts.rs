//! What is noted of a mismatch: both sides as they were, in ids, states and hundredths. Nothing about a person, and nothing that
//! differs from one look to the next, as what people have resolved is known again by it.

use common::ids;
use serde_json::{Value, json};

use super::look::{Looked, LookedRefund};
use crate::domain::ids::{OrderId, PaymentId};
use crate::domain::observation::Observation;
use crate::domain::reconciliation::class::Finding;
use crate::domain::reconciliation::payment::Theirs;
use crate::domain::reconciliation::refund::TheirRefund;
use crate::domain::refund::RefundStatus;
use crate::store::reconciliation::mismatches::NewMismatch;
use crate::store::reconciliation::staged::StagedRefund;

/// A mismatch of something without a row of ours.
fn new(finding: Finding, subject: String) -> NewMismatch {
    NewMismatch {
        id: ids::new_id(),
        class: finding.class.name(),
        subject,
        payment_id: None,
        order_id: None,
        refund_id: None,
        reference: None,
        gateway_id: None,
        ours: None,
        theirs: None,
        remedy: finding.remedy.name(),
    }
}

/// A mismatch of a payment.
pub(super) fn of_payment(looked: &Looked, finding: Finding) -> NewMismatch {
    let payment = &looked.payment;
    let seen = match &looked.theirs {
        Theirs::Unknown => None,
        Theirs::Seen { seen, .. } => Some(seen),
    };
    let gateway_id = seen.map(|seen| seen.gateway_id.clone());
    NewMismatch {
        reference: Some(payment.reference.as_str().to_owned()),
        gateway_id: gateway_id.or_else(|| payment.gateway_id.clone()),
        ours: Some(our_payment(looked)),
        theirs: seen.map(transaction),
        ..new(finding, payment.id.to_string()).of_payment(payment.id, payment.order)
    }
}

/// A mismatch of a transaction that is no payment of ours.
pub(super) fn of_stranger(seen: &Observation, finding: Finding) -> NewMismatch {
    NewMismatch {
        reference: Some(seen.reference.clone()),
        gateway_id: Some(seen.gateway_id.clone()),
        theirs: Some(transaction(seen)),
        ..new(finding, seen.gateway_id.clone())
    }
}

/// A mismatch of a refund of ours.
pub(super) fn of_refund(looked: &LookedRefund, finding: Finding) -> NewMismatch {
    let refund = &looked.refund;
    let ours = json!({
        "status": refund.ours.status.name(), "amountMinor": refund.ours.amount_minor, "currency": refund.ours.currency,
    });
    NewMismatch {
        gateway_id: Some(refund.gateway_id.clone()),
        ours: Some(ours),
        theirs: looked.theirs.as_ref().map(their_refund),
        ..new(finding, refund.id.to_string())
            .of_payment(refund.payment, refund.order)
            .of_refund(refund.id)
    }
}

/// A mismatch of a refund that is none of ours, but may be of a payment of ours.
pub(super) fn of_extra_refund(
    refund: &StagedRefund,
    owner: Option<(PaymentId, OrderId)>,
    finding: Finding,
) -> NewMismatch {
    let mismatch = NewMismatch {
        gateway_id: Some(refund.gateway_id.clone()),
        theirs: Some(their_refund(&refund.seen)),
        ..new(finding, refund.gateway_id.clone())
    };
    match owner {
        Some((payment, order)) => mismatch.of_payment(payment, order),
        None => mismatch,
    }
}

fn our_payment(looked: &Looked) -> Value {
    let ours = &looked.payment.ours;
    let capture = ours.capture.as_ref();
    json!({
        "status": ours.status.name(),
        "dueMinor": ours.due.minor(),
        "dueCurrency": ours.due.currency(),
        "paidMinor": capture.map(|capture| capture.paid_minor),
        "paidCurrency": capture.map(|capture| &capture.currency),
        "feesMinor": capture.and_then(|capture| capture.fees_minor),
        "isKept": ours.is_kept,
        "goingBackMinor": ours.going_back_minor,
    })
}

fn transaction(seen: &Observation) -> Value {
    json!({
        "status": seen.status.name(), "amountMinor": seen.paid_minor, "requestedMinor": seen.requested_minor,
        "currency": seen.currency, "feesMinor": seen.fees_minor, "domain": seen.domain,
    })
}

fn their_refund(seen: &TheirRefund) -> Value {
    json!({
        "status": seen.status.map(RefundStatus::name), "amountMinor": seen.amount_minor, "currency": seen.currency,
    })
}
