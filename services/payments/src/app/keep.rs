//! What orders decides about captures: one is kept, another has to go back.

use std::collections::{HashMap, HashSet};

use common::failpoint;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::orders::{OrderPaid, OrderRefundRequested, OrderUnallocated, UnwantedCapture};
use messaging::inbox::{self, Seen};
use messaging::{ConsumeError, Outcome, Received, Trail, audit, each_about_another};
use serde_json::json;
use uuid::Uuid;

use super::attention::{self, About, Attention};
use super::refund::automatic;
use super::{Error, PAYMENT};
use crate::domain::ids::{OrderId, PaymentId};
use crate::domain::ledger::{Account, Booking};
use crate::domain::refund::RefundStatus;
use crate::startup::AppState;
use crate::store;
use crate::store::attention::Of;
use crate::store::disputes::Dispute;
use crate::store::ledger::BookedFor;
use crate::store::payments::Payment;
use crate::store::refunds::Refund;

/// Orders are settled by payments: those are kept. An order that cost nothing names none.
pub(crate) async fn keep(
    state: &AppState,
    events: &[Received<OrderPaid>],
) -> Result<Vec<Outcome>, ConsumeError> {
    each_about_another(events.iter().map(|event| event.body.order_id))?;
    let mut conn = state.work_db.get().await?;
    let outcomes: Result<Vec<Outcome>, Error> = conn
        .transaction(async |conn| {
            let fresh = inbox::record_all(conn, &events.iter().collect::<Vec<_>>()).await?;
            let is_fresh = |event: &&Received<OrderPaid>| fresh.contains(&event.id);
            let claims = claims(conn, events.iter().filter(is_fresh)).await?;
            let mut kept = Vec::with_capacity(claims.len());
            for (event, claim) in &claims {
                let trail = event.context.enter(|| state.trail());
                match claim {
                    Claim::Known => {}
                    Claim::Beside(payment, other) => {
                        let calling = call_kept_twice(conn, &trail, payment, *other);
                        event.context.clone().scope(calling).await?;
                    }
                    Claim::News(payment) => kept.push((trail, payment)),
                }
            }
            write_kept(conn, &kept).await?;
            failpoint::reach("payments.keeping");
            let kept = kept.iter().map(|(_, payment)| payment.id.0);
            let kept: HashSet<Uuid> = kept.collect();
            Ok(events
                .iter()
                .map(|event| match event.body.payment_id {
                    _ if !fresh.contains(&event.id) => Outcome::Duplicate,
                    Some(payment) if kept.contains(&payment) => Outcome::Applied,
                    _ => Outcome::Stale,
                })
                .collect())
        })
        .await;
    let outcomes = outcomes?;
    for outcome in &outcomes {
        if *outcome == Outcome::Applied {
            state.counters.payment("kept");
        }
    }
    Ok(outcomes)
}

/// What an order's word that it keeps a payment is.
enum Claim {
    /// Nothing new.
    Known,
    /// The first.
    News(Payment),
    /// Of a payment beside the one that it keeps already.
    Beside(Payment, PaymentId),
}

/// What orders said of payments, whose rows are locked then. They heard of them from us, so they are there, and paid.
async fn claims<'e>(
    conn: &mut AsyncPgConnection,
    events: impl Iterator<Item = &'e Received<OrderPaid>>,
) -> Result<Vec<(&'e Received<OrderPaid>, Claim)>, Error> {
    let named = events.filter_map(|event| Some((event, event.body.payment_id?)));
    let named: Vec<(&Received<OrderPaid>, Uuid)> = named.collect();
    let (ids, orders) = named
        .iter()
        .map(|(event, id)| (PaymentId(*id), OrderId(event.body.order_id)))
        .unzip();
    let locked = store::keeping::lock_all(conn, ids).await?;
    let mut locked: HashMap<_, _> = locked
        .into_iter()
        .map(|found| (found.id.0, found))
        .collect();
    let kept = store::keeping::kept_of(conn, orders).await?;
    named
        .into_iter()
        .map(|(event, id)| {
            let payment = captured(locked.remove(&id), event.body.order_id)?;
            let claim = match kept.get(&payment.order) {
                Some(same) if *same == payment.id => Claim::Known,
                Some(other) => Claim::Beside(payment, *other),
                None => Claim::News(payment),
            };
            Ok((event, claim))
        })
        .collect()
}

/// A capture that an order named. Orders heard of it from us, so it is there, and paid.
async fn lock_of(
    conn: &mut AsyncPgConnection,
    payment: Uuid,
    order: Uuid,
) -> Result<Payment, Error> {
    let found = store::payments::lock(conn, PaymentId(payment)).await?;
    captured(found, order)
}

fn captured(found: Option<Payment>, order: Uuid) -> Result<Payment, Error> {
    let found = found.filter(|found| found.order.0 == order);
    let found = found.ok_or(Error::NotFound(PAYMENT))?;
    if !found.status.is_captured() {
        return Err(Error::InvalidState("the payment is not paid"));
    }
    Ok(found)
}

async fn call_kept_twice(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &Payment,
    other: PaymentId,
) -> Result<(), Error> {
    let about = About {
        subject: payment.id.0,
        payment: Some(payment.id),
        facts: json!({ "orderId": payment.order.0, "keptPaymentId": other.0 }),
    };
    attention::call(conn, trail, Attention::KeptTwice, about).await?;
    Ok(())
}

/// Writes that payments are kept, in one statement of each kind. What goes back of them, or was taken back, is charged to their
/// orders from now on.
async fn write_kept(conn: &mut AsyncPgConnection, kept: &[(Trail, &Payment)]) -> Result<(), Error> {
    let Some((trail, _)) = kept.first() else {
        return Ok(());
    };
    let ids = || {
        kept.iter()
            .map(|(_, payment)| payment.id)
            .collect::<Vec<_>>()
    };
    let refunds = store::refunds::of_payments(conn, ids()).await?;
    let disputes = store::disputes::of_payments(conn, ids()).await?;
    store::keeping::keep(conn, ids()).await?;
    let of = Of::Payments(ids());
    attention::close(conn, trail, of, &[Attention::Unclaimed], "kept").await?;
    for payment in refunds.iter().map(|refund| refund.payment) {
        store::refunds::charge_to_refunds(conn, payment).await?;
    }
    for (payment, _) in disputes.iter().filter_map(|dispute| dispute.of) {
        store::disputes::charge_to_chargebacks(conn, payment).await?;
    }
    let mut bookings = Vec::with_capacity(kept.len());
    let mut audit = Vec::with_capacity(kept.len());
    for (trail, payment) in kept {
        let capture = payment
            .capture
            .as_ref()
            .ok_or_else(|| Error::Bug(format!("payment {} has no capture", payment.id)))?;
        let booked_for = BookedFor {
            payment: payment.id,
            refund: None,
            currency: &capture.currency,
            now: trail.now(),
        };
        let going_back = going_back(payment, &refunds);
        let charged_back = charged_back(payment, &disputes);
        // What another currency was due in is not booked as a sale: nothing but what was taken is there.
        let due = if payment.hold.is_none() {
            payment.due.minor()
        } else {
            capture.paid_minor
        };
        let booking = Booking::keep(capture.paid_minor, due, going_back, charged_back);
        bookings.push((booked_for, booking));
        let facts = json!({ "orderId": payment.order.0, "paidMinor": capture.paid_minor, "currency": capture.currency });
        audit.push(trail.system_entry("payment.kept", (PAYMENT, payment.id.to_string()), facts));
    }
    store::ledger::book_all(conn, &bookings).await?;
    audit::record_all(conn, audit).await?;
    Ok(())
}

/// What is on its way back of a payment and was charged to nobody, in hundredths.
fn going_back(payment: &Payment, refunds: &[Refund]) -> i64 {
    refunds
        .iter()
        .filter(|refund| refund.payment == payment.id)
        .filter(|refund| refund.status != RefundStatus::Failed)
        .filter(|refund| refund.charged_to == Account::Suspense)
        .map(|refund| refund.amount_minor)
        .sum()
}

/// The same of what a buyer's bank took back.
fn charged_back(payment: &Payment, disputes: &[Dispute]) -> i64 {
    disputes
        .iter()
        .filter(|dispute| dispute.of.is_some_and(|(of, _)| of == payment.id))
        .filter_map(|dispute| dispute.taken)
        .filter(|taken| taken.returned_at.is_none() && taken.charged_to == Account::Suspense)
        .map(|taken| taken.minor)
        .sum()
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
