//! What every refund begins with, whoever decided it.

use diesel_async::AsyncPgConnection;
use events::payments::RefundRequested;
use messaging::Trail;
use money::Currency;
use serde_json::{Value, json};

use crate::app::Error;
use crate::app::confirm::{amount, buyer};
use crate::domain::ids::{RefundId, UserId};
use crate::domain::ledger::Booking;
use crate::domain::refund::{self, Origin, RefundStatus};
use crate::store;
use crate::store::ledger::BookedFor;
use crate::store::payments::{Capture, Payment};
use crate::store::refunds::{NewRefund, Refund};

/// What others are told of a refund that staff decided.
const BY_STAFF: &str = "decided by staff";

/// What is to go back.
pub(super) struct Wanted {
    pub(super) id: RefundId,
    /// In hundredths.
    pub(super) amount_minor: i64,
    pub(super) origin: Origin,
    pub(super) reason: String,
    pub(super) restock: Option<Value>,
    pub(super) requested_by: Option<UserId>,
    /// The provider's number, for one that it has already.
    pub(super) gateway_id: Option<String>,
}

/// What was paid, of a payment that is.
pub(crate) fn capture_of(payment: &Payment) -> Result<&Capture, Error> {
    payment
        .capture
        .as_ref()
        .ok_or(Error::InvalidState("the payment is not paid"))
}

/// What went back of a payment or is on its way, in hundredths.
pub(crate) fn taken(refunds: &[Refund]) -> i64 {
    refunds
        .iter()
        .filter(|refund| refund.status != RefundStatus::Failed)
        .map(|refund| refund.amount_minor)
        .sum()
}

/// Writes a refund of a locked payment, and says so. The amount has been found to be there.
pub(super) async fn begin(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &Payment,
    wanted: Wanted,
) -> Result<Refund, Error> {
    let capture = capture_of(payment)?;
    let charged_to = refund::charged_to(payment.is_kept);
    let new = NewRefund {
        id: wanted.id,
        payment: payment.id,
        order: payment.order,
        amount_minor: wanted.amount_minor,
        currency: capture.currency.clone(),
        origin: wanted.origin,
        reason: wanted.reason,
        restock: wanted.restock,
        requested_by: wanted.requested_by,
        charged_to,
        gateway_id: wanted.gateway_id,
        now: trail.now(),
    };
    let refund = store::refunds::insert(conn, &new).await?;
    let booking = Booking::refund_requested(refund.amount_minor, charged_to);
    book(conn, trail, &refund, &booking).await?;
    if let Some(currency) = currency_of(&refund) {
        let event = RefundRequested {
            refund_id: refund.id.0,
            payment_id: refund.payment.0,
            order_id: refund.order.0,
            user_id: buyer(payment),
            amount: amount(refund.amount_minor)?,
            currency,
            reason: told_reason(&refund).to_owned(),
        };
        trail.event(conn, &event, refund.version).await?;
    }
    Ok(refund)
}

/// The refund's currency, if it is one of the shop's. Of what a buyer paid in another no event can tell.
pub(super) fn currency_of(refund: &Refund) -> Option<Currency> {
    refund.currency.parse().ok()
}

/// Books something about a refund.
pub(super) async fn book(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    refund: &Refund,
    booking: &Booking,
) -> Result<(), Error> {
    let booked_for = BookedFor {
        payment: refund.payment,
        refund: Some(refund.id),
        currency: &refund.currency,
        now: trail.now(),
    };
    store::ledger::book(conn, booked_for, booking).await?;
    Ok(())
}

/// Why, for others. What staff writes may be about a person, so it stays in the refund's own row.
fn told_reason(refund: &Refund) -> &str {
    if refund.is_staffs() {
        BY_STAFF
    } else {
        &refund.reason
    }
}

/// What an audit entry says of a refund.
pub(super) fn facts(refund: &Refund) -> Value {
    json!({
        "paymentId": refund.payment.0, "orderId": refund.order.0, "amountMinor": refund.amount_minor,
        "currency": refund.currency, "origin": refund.origin, "reason": told_reason(refund),
    })
}
