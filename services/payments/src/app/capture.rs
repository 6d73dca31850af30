//! The provider has the money: the payment, the books, what others hear and who did it are written as one.

use common::failpoint;
use diesel_async::AsyncPgConnection;
use events::payments::{PaymentMismatched, PaymentSucceeded};
use messaging::Trail;
use serde_json::json;

use super::attention::{self, About, Attention};
use super::confirm::{amount, buyer};
use super::unclaimed::CLAIMED_WITHIN;
use super::{Error, PAYMENT};
use crate::domain::fees;
use crate::domain::ledger::Booking;
use crate::domain::observation::Observation;
use crate::startup::AppState;
use crate::store;
use crate::store::attention::Of;
use crate::store::ledger::BookedFor;
use crate::store::payments::{Hold, NewCapture, Payment};

/// In which way it is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// What was due.
    AsDue,
    /// Something else.
    Mismatched,
    /// It is going back already.
    Reversed,
}

impl How {
    fn hold(self) -> Option<Hold> {
        match self {
            Self::AsDue => None,
            Self::Mismatched => Some(Hold::Mismatch),
            Self::Reversed => Some(Hold::Reversed),
        }
    }
}

/// Writes a capture of a locked payment that was not captured before.
pub(super) async fn record(
    state: &AppState,
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &Payment,
    seen: &Observation,
    how: How,
) -> Result<Payment, Error> {
    let now = trail.now();
    let fees_minor = fees::believable(seen.fees_minor, seen.paid_minor);
    let hold = how.hold();
    let capture = NewCapture {
        seen,
        fees_minor,
        paid_at: seen.paid_at.unwrap_or(now),
        hold,
        // What settles nothing is before people already.
        claim_due_at: hold.is_none().then(|| now + CLAIMED_WITHIN),
        refund_due_at: hold.map(|_| now + state.settings.mismatch_hold),
        // What went back already is looked up at once.
        next_check_at: (how == How::Reversed).then_some(now),
    };
    let paid = store::payments::note_capture(conn, payment.id, &capture).await?;
    let booked_for = BookedFor {
        payment: paid.id,
        refund: None,
        currency: &seen.currency,
        now,
    };
    let booking = Booking::capture(seen.paid_minor, fees_minor.unwrap_or(0));
    store::ledger::book(conn, booked_for, &booking).await?;
    let facts = json!({
        "orderId": paid.order.0, "reference": paid.reference.as_str(), "paidMinor": seen.paid_minor,
        "currency": seen.currency, "dueMinor": paid.due.minor(), "hold": hold.map(Hold::name),
    });
    let entity = (PAYMENT, paid.id.to_string());
    trail
        .audit_system(conn, "payment.captured", entity, facts.clone())
        .await?;
    let told = [Attention::Unconfirmed];
    attention::close(conn, trail, Of::Payment(paid.id), &told, "paid").await?;
    if let Some(hold) = hold {
        let why = match hold {
            Hold::Mismatch => Attention::Mismatch,
            Hold::Reversed => Attention::Reversed,
        };
        let about = About {
            subject: paid.id.0,
            payment: Some(paid.id),
            facts,
        };
        attention::call(conn, trail, why, about).await?;
    }
    say(conn, trail, &paid, seen, how).await?;
    failpoint::reach("payments.capturing");
    Ok(paid)
}

/// One that is going back already is told to nobody: it settles nothing, and no event of ours says that.
async fn say(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    paid: &Payment,
    seen: &Observation,
    how: How,
) -> Result<(), Error> {
    let due = paid.due;
    match how {
        How::AsDue => {
            let event = PaymentSucceeded {
                payment_id: paid.id.0,
                order_id: paid.order.0,
                user_id: buyer(paid),
                reference: paid.reference.as_str().to_owned(),
                amount: amount(due.minor())?,
                currency: due.currency(),
                channel: paid.channel.clone(),
                paid_at: seen.paid_at.unwrap_or(trail.now()),
            };
            trail.event(conn, &event, paid.version).await?;
        }
        How::Mismatched => {
            let event = PaymentMismatched {
                payment_id: paid.id.0,
                order_id: paid.order.0,
                user_id: buyer(paid),
                expected_amount: amount(due.minor())?,
                expected_currency: due.currency(),
                paid_minor: seen.paid_minor,
                paid_currency: seen.currency.clone(),
            };
            trail.event(conn, &event, paid.version).await?;
        }
        How::Reversed => {}
    }
    Ok(())
}
