//! What orders decides about captures: one is kept, another has to go back.

use common::failpoint;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::orders::{OrderPaid, OrderRefundRequested, OrderUnallocated, UnwantedCapture};
use messaging::inbox::{self, Seen};
use messaging::{ConsumeError, Outcome, Received, Trail};
use serde_json::json;
use uuid::Uuid;

use super::attention::{self, About, Attention};
use super::refund::automatic;
use super::{Error, PAYMENT};
use crate::domain::ids::PaymentId;
use crate::domain::ledger::{Account, Booking};
use crate::domain::refund::RefundStatus;
use crate::startup::AppState;
use crate::store;
use crate::store::attention::Of;
use crate::store::ledger::BookedFor;
use crate::store::payments::Payment;

/// An order is settled by a payment: that one is kept. An order that cost nothing names none.
pub(crate) async fn keep(
    state: &AppState,
    event: &Received<OrderPaid>,
) -> Result<Outcome, ConsumeError> {
    let trail = state.trail();
    let body = &event.body;
    let mut conn = state.work_db.get().await?;
    let kept: Result<(Outcome, bool), Error> = conn
        .transaction(async |conn| {
            if inbox::record(conn, event).await? == Seen::Before {
                return Ok((Outcome::Duplicate, false));
            }
            let Some(payment) = body.payment_id else {
                return Ok((Outcome::Stale, false));
            };
            let payment = lock_of(conn, payment, body.order_id).await?;
            if payment.is_kept {
                return Ok((Outcome::Stale, false));
            }
            if let Some(other) = kept_beside(conn, &payment).await? {
                call_kept_twice(conn, &trail, &payment, &other).await?;
                return Ok((Outcome::Stale, false));
            }
            write_kept(conn, &trail, &payment).await?;
            failpoint::reach("payments.keeping");
            Ok((Outcome::Applied, true))
        })
        .await;
    let (outcome, is_news) = kept?;
    if is_news {
        state.counters.payment("kept");
    }
    Ok(outcome)
}

/// A capture that an order named. Orders heard of it from us, so it is there, and paid.
async fn lock_of(
    conn: &mut AsyncPgConnection,
    payment: Uuid,
    order: Uuid,
) -> Result<Payment, Error> {
    let found = store::payments::lock(conn, PaymentId(payment)).await?;
    let found = found.filter(|found| found.order.0 == order);
    let found = found.ok_or(Error::NotFound(PAYMENT))?;
    if !found.status.is_captured() {
        return Err(Error::InvalidState("the payment is not paid"));
    }
    Ok(found)
}

async fn kept_beside(
    conn: &mut AsyncPgConnection,
    payment: &Payment,
) -> Result<Option<Payment>, Error> {
    let all = store::payments::of_order(conn, payment.order).await?;
    Ok(all
        .into_iter()
        .find(|other| other.is_kept && other.id != payment.id))
}

async fn call_kept_twice(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &Payment,
    other: &Payment,
) -> Result<(), Error> {
    let about = About {
        subject: payment.id.0,
        payment: Some(payment.id),
        facts: json!({ "orderId": payment.order.0, "keptPaymentId": other.id.0 }),
    };
    attention::call(conn, trail, Attention::KeptTwice, about).await?;
    Ok(())
}

async fn write_kept(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &Payment,
) -> Result<(), Error> {
    let capture = payment
        .capture
        .as_ref()
        .ok_or_else(|| Error::Bug(format!("payment {} has no capture", payment.id)))?;
    let refunds = store::refunds::of_payment(conn, payment.id).await?;
    let going_back = refunds
        .iter()
        .filter(|refund| refund.status != RefundStatus::Failed)
        .filter(|refund| refund.charged_to == Account::Suspense)
        .map(|refund| refund.amount_minor)
        .sum();
    let disputes = store::disputes::of_payment(conn, payment.id).await?;
    let charged_back = disputes
        .iter()
        .filter_map(|dispute| dispute.taken)
        .filter(|taken| taken.returned_at.is_none() && taken.charged_to == Account::Suspense)
        .map(|taken| taken.minor)
        .sum();
    let kept = store::payments::keep(conn, payment.id).await?;
    let unclaimed = [Attention::Unclaimed];
    attention::close(conn, trail, Of::Payment(kept.id), &unclaimed, "kept").await?;
    if !refunds.is_empty() {
        store::refunds::charge_to_refunds(conn, payment.id).await?;
    }
    if !disputes.is_empty() {
        store::disputes::charge_to_chargebacks(conn, payment.id).await?;
    }
    let booked_for = BookedFor {
        payment: payment.id,
        refund: None,
        currency: &capture.currency,
        now: trail.now(),
    };
    // What another currency was due in is not booked as a sale: nothing but what was taken is there.
    let due = if payment.hold.is_none() {
        payment.due.minor()
    } else {
        capture.paid_minor
    };
    let booking = Booking::keep(capture.paid_minor, due, going_back, charged_back);
    store::ledger::book(conn, booked_for, &booking).await?;
    let facts = json!({ "orderId": kept.order.0, "paidMinor": capture.paid_minor, "currency": capture.currency });
    let entity = (PAYMENT, kept.id.to_string());
    trail
        .audit_system(conn, "payment.kept", entity, facts)
        .await?;
    Ok(())
}

/// The goods were gone: all that was paid goes back.
pub(crate) async fn give_up(
    state: &AppState,
    event: &Received<OrderUnallocated>,
) -> Result<Outcome, ConsumeError> {
    let body = &event.body;
    let reason = "the goods were gone when the order was paid";
    pay_back(state, event, (body.payment_id, body.order_id), reason).await
}

/// The order has no use for a capture: all of it goes back.
pub(crate) async fn refuse(
    state: &AppState,
    event: &Received<OrderRefundRequested>,
) -> Result<Outcome, ConsumeError> {
    let body = &event.body;
    let reason = match body.reason {
        UnwantedCapture::Cancelled => "the order was cancelled before it was paid",
        UnwantedCapture::AlreadyPaid => "the order was paid before",
        UnwantedCapture::Closed => "the order was closed before it was paid",
    };
    pay_back(state, event, (body.payment_id, body.order_id), reason).await
}

async fn pay_back<E: Sync>(
    state: &AppState,
    event: &Received<E>,
    (payment, order): (Uuid, Uuid),
    reason: &str,
) -> Result<Outcome, ConsumeError> {
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    let done: Result<Outcome, Error> = conn
        .transaction(async |conn| {
            if inbox::record(conn, event).await? == Seen::Before {
                return Ok(Outcome::Duplicate);
            }
            let payment = lock_of(conn, payment, order).await?;
            Ok(
                match automatic::refund_all(conn, &trail, &payment, reason).await? {
                    Some(_) => Outcome::Applied,
                    None => Outcome::Stale,
                },
            )
        })
        .await;
    let outcome = done?;
    if outcome == Outcome::Applied {
        state.counters.refund("requested");
        state.refund_due.notify_one();
    }
    Ok(outcome)
}
