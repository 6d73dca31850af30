//! The system pays back what no order keeps, once for each payment.

use chrono::TimeDelta;
use common::ids;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use messaging::Trail;

use super::begin::{self, Wanted};
use crate::app::attention::{self, Attention};
use crate::app::dispute::claims;
use crate::app::{Error, REFUND};
use crate::domain::ids::{PaymentId, RefundId};
use crate::domain::refund::{self, Origin, RefundStatus};
use crate::startup::AppState;
use crate::store;
use crate::store::attention::Of;
use crate::store::payments::Payment;
use crate::store::refunds::Refund;

/// Captures that are looked at in one turn.
const BATCH: i64 = 50;
/// How long one waits that could not be paid back, so that others have their turn.
const PUT_OFF: TimeDelta = TimeDelta::minutes(5);
/// How long one waits of which an open dispute may take something.
const DISPUTED: TimeDelta = TimeDelta::minutes(15);
/// Why a capture goes back that nothing settled in time.
const HELD: &str = "the payment settled nothing";

/// Decides to pay back all that is left of a locked payment. None if that was decided before, nothing is left, or a
/// dispute has to end first.
pub(crate) async fn refund_all(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &Payment,
    reason: &str,
) -> Result<Option<Refund>, Error> {
    let refunds = store::refunds::of_payment(conn, payment.id).await?;
    let is_decided = |refund: &Refund| refund.is_systems() && refund.status != RefundStatus::Failed;
    let paid = begin::capture_of(payment)?.paid_minor;
    let claims = claims::of_payment(conn, payment.id).await?;
    let back = begin::taken(&refunds).saturating_add(claims.gone_minor);
    let left = refund::cap(paid, back, None);
    // What a buyer's bank may take must not go back as well.
    let is_disputed = claims.held_minor > 0 && left.is_ok();
    if is_disputed {
        let until = trail.now() + DISPUTED;
        store::watching::schedule_refund(conn, payment.id, Some(until)).await?;
    } else if payment.refund_due_at.is_some() {
        store::watching::schedule_refund(conn, payment.id, None).await?;
    }
    if payment.claim_due_at.is_some() {
        store::watching::end_claim(conn, payment.id).await?;
    }
    let unclaimed = [Attention::Unclaimed];
    attention::close(
        conn,
        trail,
        Of::Payment(payment.id),
        &unclaimed,
        "given back",
    )
    .await?;
    let is_settled = is_disputed || refunds.iter().any(is_decided);
    let (false, Ok(amount_minor)) = (is_settled, left) else {
        return Ok(None);
    };
    let wanted = Wanted {
        id: RefundId(ids::new_id()),
        amount_minor,
        origin: Origin::System,
        reason: reason.to_owned(),
        restock: None,
        requested_by: None,
        gateway_id: None,
    };
    let refund = begin::begin(conn, trail, payment, wanted).await?;
    let entity = (REFUND, refund.id.to_string());
    let facts = begin::facts(&refund);
    trail
        .audit_system(conn, "refund.requested", entity, facts)
        .await?;
    Ok(Some(refund))
}

/// Pays back what has been held long enough, and what could not be paid back before.
pub(crate) async fn refund_due(state: &AppState) -> Result<(), Error> {
    let due = {
        let mut conn = state.work_db.get().await?;
        store::watching::due_refunds(&mut conn, state.clock.now(), BATCH).await?
    };
    for payment in due {
        // One that cannot be paid back now must not hold up the others.
        if let Err(error) = refund_one(state, payment).await {
            tracing::error!(payment.id = %payment, cause = %error, "payment {payment} could not be paid back; trying again");
            let until = state.clock.now() + PUT_OFF;
            let mut conn = state.work_db.get().await?;
            store::watching::put_off_refund(&mut conn, payment, until).await?;
        }
    }
    Ok(())
}

async fn refund_one(state: &AppState, id: PaymentId) -> Result<(), Error> {
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    let decided: Result<Option<Refund>, Error> = conn
        .transaction(async |conn| {
            let payment = store::payments::lock(conn, id).await?;
            let is_due = |payment: &Payment| {
                !payment.is_kept && payment.refund_due_at.is_some_and(|at| at <= trail.now())
            };
            match payment.filter(is_due) {
                Some(payment) => refund_all(conn, &trail, &payment, HELD).await,
                None => Ok(None),
            }
        })
        .await;
    if let Some(refund) = decided? {
        tracing::warn!(payment.id = %id, refund.id = %refund.id, "payment {id} settled nothing and is paid back");
        state.counters.refund("requested");
        state.refund_due.notify_one();
    }
    Ok(())
}
