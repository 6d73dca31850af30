//! One refund comes one step further: the row, the payment, the books and what others hear are written as one.

use common::failpoint;
use diesel_async::AsyncPgConnection;
use events::payments::{RefundFailed, RefundNeedsAttention, RefundProcessed, RestockedLine};
use messaging::Trail;
use serde_json::json;

use super::{after_end, begin};
use crate::app::Error;
use crate::app::attention::{self, About, Attention};
use crate::app::confirm::{amount, buyer};
use crate::app::dispute::claims;
use crate::clients::gateway::Refusal;
use crate::domain::ledger::Booking;
use crate::domain::refund::{RefundStatus, Step};
use crate::domain::schedule;
use crate::domain::status::PaymentStatus;
use crate::store;
use crate::store::attention::Of;
use crate::store::payments::Payment;
use crate::store::refunds::Refund;

/// What is open about a refund until that ends.
const UNDER_WAY: [Attention; 2] = [Attention::RefundWaits, Attention::ExternalRefund];
/// What is open about a payment until all of it went back. Whatever contradicts itself stays open.
const ALL_BACK: [Attention; 5] = [
    Attention::Mismatch,
    Attention::Reversed,
    Attention::RefundFailed,
    Attention::RefundStopped,
    Attention::Unclaimed,
];

/// Why the provider does not make a refund.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refused<'a> {
    pub(super) why: Refusal,
    /// Its own words, or ours.
    pub(super) words: &'a str,
}

/// Writes a step of a refund whose payment is locked. `refused` is why it failed, if it did. Answers whether anything is new.
pub(super) async fn take(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &mut Payment,
    refund: &Refund,
    (step, refused): (Step, Option<Refused<'_>>),
) -> Result<bool, Error> {
    let status = match step {
        Step::Nothing => return Ok(false),
        Step::Returned => return after_end::returned(conn, trail, payment, refund).await,
        Step::Reinstated => return after_end::reinstated(conn, trail, payment, refund).await,
        Step::To(status) => status,
    };
    let cause = refused.map(|refused| refused.words);
    let refund = store::refunds::note_status(conn, refund.id, status, cause, trail.now()).await?;
    match status {
        RefundStatus::Requested | RefundStatus::Processing => {}
        RefundStatus::Processed => {
            let booking = Booking::refund_processed(refund.amount_minor);
            begin::book(conn, trail, &refund, &booking).await?;
            arrived(conn, trail, payment, &refund).await?;
            failpoint::reach("payments.refund_arriving");
        }
        RefundStatus::Failed => {
            let why = refused.map(|refused| refused.why);
            failed(conn, trail, payment, &refund, why).await?;
        }
        RefundStatus::NeedsAttention => needs_attention(conn, trail, payment, &refund).await?,
    }
    Ok(true)
}

/// Puts it before people that what the provider says of a refund cannot be.
pub(super) async fn call_contradiction(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    refund: &Refund,
    why: &str,
) -> Result<(), Error> {
    let about = About {
        subject: refund.id.0,
        payment: Some(refund.payment),
        facts: json!({
            "refundId": refund.id.0, "gatewayId": refund.gateway_id, "status": refund.status.name(), "why": why,
        }),
    };
    attention::call(conn, trail, Attention::ContradictingRefund, about).await?;
    Ok(())
}

/// What follows from a refund having reached the buyer: how much went back, and what others hear.
pub(super) async fn arrived(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &mut Payment,
    refund: &Refund,
) -> Result<(), Error> {
    let gone = claims::of_payment(conn, payment.id).await?.gone_minor;
    let back = store::refunds::processed_of(conn, payment.id).await?;
    let back = back.saturating_add(gone);
    let is_all = back >= begin::capture_of(payment)?.paid_minor;
    let next = if is_all {
        PaymentStatus::Refunded
    } else {
        PaymentStatus::PartiallyRefunded
    };
    if payment.status.may_become(next) {
        *payment = store::payments::note_refunded(conn, payment.id, next).await?;
    }
    let own = Of::Subject(refund.id.0);
    attention::close(conn, trail, own, &UNDER_WAY, "processed").await?;
    if is_all {
        store::watching::schedule_refund(conn, payment.id, None).await?;
        let all = Of::Payment(payment.id);
        attention::close(conn, trail, all, &ALL_BACK, "refunded").await?;
    }
    let Some(currency) = begin::currency_of(refund) else {
        return Ok(());
    };
    let event = RefundProcessed {
        refund_id: refund.id.0,
        payment_id: refund.payment.0,
        order_id: refund.order.0,
        user_id: buyer(payment),
        amount: amount(refund.amount_minor)?,
        currency,
        restock: restock_of(refund)?,
    };
    trail.event(conn, &event, refund.version).await?;
    Ok(())
}

fn restock_of(refund: &Refund) -> Result<Option<Vec<RestockedLine>>, Error> {
    let lines = refund.restock.clone().map(serde_json::from_value);
    lines
        .transpose()
        .map_err(|error| Error::Bug(error.to_string()))
}

async fn failed(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &Payment,
    refund: &Refund,
    why: Option<Refusal>,
) -> Result<(), Error> {
    let booking = Booking::refund_failed(refund.amount_minor, refund.charged_to);
    begin::book(conn, trail, refund, &booking).await?;
    let own = Of::Subject(refund.id.0);
    attention::close(conn, trail, own, &UNDER_WAY, "failed").await?;
    if refund.is_systems() {
        again(conn, trail, payment, refund, why).await?;
    } else if refund.is_staffs() {
        call(conn, trail, refund, Attention::RefundFailed).await?;
    }
    say_failed(conn, trail, payment, refund).await
}

/// What the system had decided by itself it decides again later, as nothing else pays such a capture back: unless that cannot
/// help, or its order keeps it by now.
async fn again(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &Payment,
    refund: &Refund,
    why: Option<Refusal>,
) -> Result<(), Error> {
    let refunds = store::refunds::of_payment(conn, payment.id).await?;
    let failures = refunds
        .iter()
        .filter(|other| other.is_systems() && other.status == RefundStatus::Failed)
        .count();
    let pause = match why {
        Some(Refusal::Reversed) => None,
        _ => schedule::refund_again(u32::try_from(failures).unwrap_or(u32::MAX)),
    };
    let at = pause.filter(|_| !payment.is_kept);
    let at = at.map(|pause| trail.now() + pause);
    store::watching::schedule_refund(conn, payment.id, at).await?;
    let kind = match pause {
        Some(_) => Attention::RefundFailed,
        None => Attention::RefundStopped,
    };
    // It is one matter, however often it is tried.
    let about = About {
        subject: payment.id.0,
        payment: Some(payment.id),
        facts: begin::facts(refund),
    };
    attention::call(conn, trail, kind, about).await?;
    Ok(())
}

/// Puts a refund before people.
pub(super) async fn call(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    refund: &Refund,
    why: Attention,
) -> Result<(), Error> {
    let about = About {
        subject: refund.id.0,
        payment: Some(refund.payment),
        facts: begin::facts(refund),
    };
    attention::call(conn, trail, why, about).await?;
    Ok(())
}

/// Tells others that a refund has come to nothing.
pub(super) async fn say_failed(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &Payment,
    refund: &Refund,
) -> Result<(), Error> {
    let Some(currency) = begin::currency_of(refund) else {
        return Ok(());
    };
    let event = RefundFailed {
        refund_id: refund.id.0,
        payment_id: refund.payment.0,
        order_id: refund.order.0,
        user_id: buyer(payment),
        amount: amount(refund.amount_minor)?,
        currency,
    };
    trail.event(conn, &event, refund.version).await?;
    Ok(())
}

async fn needs_attention(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &Payment,
    refund: &Refund,
) -> Result<(), Error> {
    call(conn, trail, refund, Attention::RefundWaits).await?;
    let Some(currency) = begin::currency_of(refund) else {
        return Ok(());
    };
    let event = RefundNeedsAttention {
        refund_id: refund.id.0,
        payment_id: refund.payment.0,
        order_id: refund.order.0,
        user_id: buyer(payment),
        amount: amount(refund.amount_minor)?,
        currency,
    };
    trail.event(conn, &event, refund.version).await?;
    Ok(())
}
