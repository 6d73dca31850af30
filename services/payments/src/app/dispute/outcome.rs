//! A dispute goes one step further: its row, the payment, the books and what others hear are written as one.
//!
//! What a lost dispute takes is money that went back to the buyer, so a payment climbs by it as it does by refunds:
//! `partially_refunded`, and `refunded` once nothing is left. What is given back later does not lower it again.

use diesel_async::AsyncPgConnection;
use messaging::Trail;

use super::{claims, learn, tell};
use crate::app::attention::{self, Attention};
use crate::app::{Error, refund};
use crate::clients::disputes::GatewayDispute;
use crate::domain::dispute::{self, DisputeOutcome, DisputeStatus, Stand};
use crate::domain::ledger::Booking;
use crate::domain::status::PaymentStatus;
use crate::store;
use crate::store::attention::Of;
use crate::store::disputes::{Dispute, Taken};
use crate::store::ledger::BookedFor;
use crate::store::payments::Payment;

/// Writes how a locked dispute stands now, whose payment is locked too if it has one; answers what that is in metrics.
pub(super) async fn go_on(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: Option<&mut Payment>,
    dispute: &mut Dispute,
    next: Stand,
    seen: &GatewayDispute,
) -> Result<Option<&'static str>, Error> {
    let now = trail.now();
    let is_end = next.outcome != dispute.stand.outcome;
    dispute.stand = next;
    dispute.resolution = seen.resolution.clone().or(dispute.resolution.take());
    dispute.version += 1;
    dispute.updated_at = now;
    // Whoever has answered, here or at the provider, need not be reminded.
    if next.status != DisputeStatus::AwaitingMerchantFeedback {
        dispute.remind_at = None;
    }
    let Some(outcome) = next.outcome.filter(|_| is_end) else {
        store::disputes::save(conn, dispute).await?;
        tell::note(conn, dispute, "changed", "provider", now).await?;
        return Ok(None);
    };
    dispute.resolved_at = Some(seen.resolved_at.unwrap_or(now));
    let odd = match payment {
        Some(payment) => {
            let odd = settle(conn, trail, payment, dispute, (outcome, seen)).await?;
            store::disputes::save(conn, dispute).await?;
            tell::resolved(conn, trail, dispute, (payment, outcome)).await?;
            odd
        }
        None => {
            store::disputes::save(conn, dispute).await?;
            None
        }
    };
    tell::note(conn, dispute, "resolved", "provider", now).await?;
    let entity = (tell::DISPUTE, dispute.id.to_string());
    let facts = tell::facts(dispute);
    trail
        .audit_system(conn, "dispute.resolved", entity, facts)
        .await?;
    let own = Of::Subject(dispute.id.0);
    let waiting = [Attention::DisputeDeadline];
    attention::close(conn, trail, own, &waiting, outcome.name()).await?;
    let new_word = learn::is_odd(seen).then_some("the provider has a new word for how it ended");
    if let Some(why) = odd.or(new_word) {
        tell::call(conn, trail, dispute, why).await?;
    }
    Ok(Some(outcome.name()))
}

/// What an end means for the books; answers what people have to look at.
async fn settle(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &mut Payment,
    dispute: &mut Dispute,
    (outcome, seen): (DisputeOutcome, &GatewayDispute),
) -> Result<Option<&'static str>, Error> {
    match dispute.taken {
        None if outcome.is_lost() => {
            charge_back(conn, trail, payment, dispute, seen.amount_minor).await
        }
        Some(taken) if outcome.is_lost() && taken.returned_at.is_some() => {
            Ok(Some("it was lost once more after it had been won"))
        }
        Some(taken) if !outcome.is_lost() && taken.returned_at.is_none() => {
            give_back(conn, trail, payment, (dispute, taken)).await?;
            Ok(None)
        }
        None | Some(_) => Ok(None),
    }
}

/// The provider took `wanted_minor`, as far as that had not gone back before.
async fn charge_back(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &mut Payment,
    dispute: &mut Dispute,
    wanted_minor: i64,
) -> Result<Option<&'static str>, Error> {
    const SHORT: &str = "more was wanted back than was left of the payment";
    let refunds = store::refunds::of_payment(conn, payment.id).await?;
    let gone = claims::of_payment(conn, payment.id).await?.gone_minor;
    let back = refund::taken(&refunds).saturating_add(gone);
    let left = refund::capture_of(payment)?.paid_minor.saturating_sub(back);
    let minor = wanted_minor.min(left);
    if minor <= 0 {
        return Ok(Some(SHORT));
    }
    let charged_to = dispute::charged_to(payment.is_kept);
    let booking = Booking::chargeback(minor, charged_to);
    book(conn, trail, (payment, dispute), &booking).await?;
    dispute.taken = Some(Taken {
        minor,
        charged_to,
        returned_at: None,
    });
    let refunded = store::refunds::processed_of(conn, payment.id).await?;
    climb(
        conn,
        payment,
        refunded.saturating_add(gone).saturating_add(minor),
    )
    .await?;
    Ok((minor < wanted_minor).then_some(SHORT))
}

/// What went back, one way or the other, raises the payment.
async fn climb(
    conn: &mut AsyncPgConnection,
    payment: &mut Payment,
    back_minor: i64,
) -> Result<(), Error> {
    let is_all = back_minor >= refund::capture_of(payment)?.paid_minor;
    let next = if is_all {
        PaymentStatus::Refunded
    } else {
        PaymentStatus::PartiallyRefunded
    };
    if payment.status.may_become(next) {
        *payment = store::payments::note_refunded(conn, payment.id, next).await?;
    }
    Ok(())
}

/// The provider gave back what it had taken.
async fn give_back(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &Payment,
    (dispute, taken): (&mut Dispute, Taken),
) -> Result<(), Error> {
    let booking = Booking::chargeback_returned(taken.minor, taken.charged_to);
    book(conn, trail, (payment, dispute), &booking).await?;
    dispute.taken = Some(Taken {
        returned_at: Some(trail.now()),
        ..taken
    });
    Ok(())
}

async fn book(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    (payment, dispute): (&Payment, &Dispute),
    booking: &Booking,
) -> Result<(), Error> {
    let booked_for = BookedFor {
        payment: payment.id,
        refund: None,
        currency: &refund::capture_of(payment)?.currency,
        now: trail.now(),
    };
    store::ledger::book_about(conn, dispute.id.0, booked_for, booking).await?;
    Ok(())
}
