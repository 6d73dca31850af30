//! Asking the provider to pay back what was decided. Every process may do it, and any number of processes may run.
//!
//! The provider does not recognise a repetition, so none is made blindly: whoever takes a refund over that somebody may have
//! asked for before looks up first what the provider has. After a question whose outcome nobody knows it is given time to show what
//! it is at.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use common::failpoint;
use tokio_util::sync::CancellationToken;

use super::step::Refused;
use super::{begin, follow};
use crate::app::hands::Hands;
use crate::app::{Error, PAYMENT, REFUND};
use crate::clients::gateway::{GatewayError, RefundOrder};
use crate::domain::refund::RefundStatus;
use crate::domain::schedule;
use crate::startup::AppState;
use crate::store;
use crate::store::payments::Payment;
use crate::store::refunds::{Claimed, Refund};

/// How often the table is looked at when nobody says that something is due.
const POLL: Duration = Duration::from_secs(1);
/// Refunds that are worked on at a time.
const AT_ONCE: usize = 8;
/// How long a refund stays with a worker that does nothing more: whatever it asks within [`HURRY`] is settled at the provider by
/// then ([`schedule::UNSEEN_FOR`]).
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// A worker that was held up for so long since it took a refund does not ask any more: another may have taken it over by the
/// time that its question arrives.
const HURRY: Duration = Duration::from_secs(60);

/// Works until told to stop; what is in hand then is brought to its end.
pub(crate) async fn run(state: Arc<AppState>, shutdown: CancellationToken) {
    let mut hands = Hands::new(AT_ONCE);
    while !shutdown.is_cancelled() {
        hands.until_free().await;
        match claim(&state).await {
            Ok(Some(claim)) => {
                let state = Arc::clone(&state);
                let began = Instant::now();
                hands.give(async move { work(&state, claim, began).await });
                continue;
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(cause = %error, "refunds cannot be worked on; trying again");
            }
        }
        tokio::select! {
            () = state.refund_due.notified() => {}
            () = tokio::time::sleep(POLL) => {}
            () = shutdown.cancelled() => {}
        }
    }
    hands.finish().await;
}

async fn claim(state: &AppState) -> Result<Option<Claimed>, Error> {
    let now = state.clock.now();
    let mut conn = state.work_db.get().await?;
    Ok(store::refunds::claim_next(&mut conn, now, now + LEASE).await?)
}

/// How far asking for a refund came.
enum Asked {
    /// As far as it goes now.
    Done,
    /// The provider may be at it just now, or has done it without our having noted that.
    Unclear(Error),
}

/// Takes a refund as far as it goes now.
async fn work(state: &AppState, claim: Claimed, began: Instant) {
    let (error, least) = match ask(state, claim, began).await {
        Ok(Asked::Done) => return,
        Ok(Asked::Unclear(error)) => (error, schedule::UNSEEN_FOR),
        Err(error) => (error, TimeDelta::zero()),
    };
    tracing::warn!(refund.id = %claim.id, cause = %error, "a refund waits");
    if let Err(error) = put_off(state, claim, &error, least).await {
        // The lease runs out, and somebody tries again.
        tracing::warn!(refund.id = %claim.id, cause = %error, "a refund could not be put off");
    }
}

async fn ask(state: &AppState, claim: Claimed, began: Instant) -> Result<Asked, Error> {
    let (refund, payment) = load(state, claim).await?;
    if claim.was_asked {
        follow::follow(state, &payment).await?;
        let (refund, _) = load(state, claim).await?;
        if is_known(&refund) {
            return Ok(Asked::Done);
        }
    }
    if began.elapsed() > HURRY {
        return Err(Error::Busy("it was held up for too long"));
    }
    let order = RefundOrder {
        id: refund.id,
        transaction: &begin::capture_of(&payment)?.gateway_id,
        amount_minor: refund.amount_minor,
        currency: &refund.currency,
    };
    failpoint::reach("payments.refund_asking");
    let answer = state.gateway.refund(&order).await;
    failpoint::reach("payments.refund_asked");
    match answer {
        Ok(made) => Ok(match follow::taken(state, &refund, &made).await {
            Ok(()) => Asked::Done,
            Err(error) => Asked::Unclear(error),
        }),
        Err(GatewayError::Refused { why, message }) => {
            // It may refuse because an earlier question had arrived after all.
            follow::follow(state, &payment).await?;
            let words = &message;
            follow::refused(state, &refund, Refused { why, words }).await?;
            Ok(Asked::Done)
        }
        Err(error @ GatewayError::Unknown(_)) => Ok(Asked::Unclear(error.into())),
        Err(error @ GatewayError::Unavailable(_)) => Err(error.into()),
    }
}

async fn load(state: &AppState, claim: Claimed) -> Result<(Refund, Payment), Error> {
    let mut conn = state.work_db.get().await?;
    let refund = store::refunds::find(&mut conn, claim.id).await?;
    let refund = refund.ok_or(Error::NotFound(REFUND))?;
    let payment = store::payments::find(&mut conn, refund.payment).await?;
    Ok((refund, payment.ok_or(Error::NotFound(PAYMENT))?))
}

/// Whether the provider has it, or it has ended.
fn is_known(refund: &Refund) -> bool {
    refund.gateway_id.is_some() || refund.status != RefundStatus::Requested
}

/// Lets a refund wait for its next attempt, at least for so long. If the provider certainly was not reached, neither now nor before, the next attempt
/// need not look up first.
async fn put_off(
    state: &AppState,
    claim: Claimed,
    error: &Error,
    least: TimeDelta,
) -> Result<(), Error> {
    let is_unasked = !claim.was_asked
        && matches!(
            error,
            Error::Gateway(GatewayError::Unavailable(_)) | Error::Busy(_)
        );
    let pause = schedule::backoff(claim.attempts.unsigned_abs(), rand::random());
    let until = state.clock.now() + pause.max(least);
    let mut conn = state.work_db.get().await?;
    let cause = error.to_string();
    store::refunds::put_off(&mut conn, claim, until, is_unasked, &cause).await?;
    Ok(())
}
