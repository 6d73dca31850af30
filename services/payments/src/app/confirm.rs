//! The one use case behind webhooks, the buyer's return, questions of buyers and staff, and the poller: the provider is asked how
//! a payment stands, and what follows is written under the payment's row lock. Any number of times, in any order, from any number
//! of processes at once, it comes to one end.

use chrono::{DateTime, Utc};
use common::database::Database;
use common::failpoint;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::payments::{FailedOutcome, PaymentFailed, PaymentPending};
use messaging::Trail;
use money::Amount;
use serde_json::json;
use uuid::Uuid;

use super::attention::{self, About, Attention};
use super::capture::{self, How};
use super::{Error, PAYMENT};
use crate::clients::gateway::Patience;
use crate::domain::ids::PaymentId;
use crate::domain::observation::{self, Ending, Observation, Standing, Verdict};
use crate::domain::status::PaymentStatus;
use crate::startup::AppState;
use crate::store;
use crate::store::payments::Payment;

/// A payment after the provider was asked, and what followed.
#[derive(Debug)]
pub(crate) struct Confirmed {
    pub(crate) payment: Payment,
    pub(crate) verdict: Verdict,
}

/// Asks the provider how a payment stands. One that is known to be paid is not asked about: nothing can un-pay it.
pub(crate) async fn confirm(
    state: &AppState,
    db: &Database,
    payment: Payment,
) -> Result<Confirmed, Error> {
    if payment.status.is_captured() {
        return Ok(Confirmed {
            payment,
            verdict: Verdict::Nothing,
        });
    }
    // No connection is held while the provider is waited for.
    let seen = match state
        .gateway
        .verify(&payment.reference, Patience::Usual)
        .await
    {
        Ok(seen) => Some(seen),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error.into()),
    };
    failpoint::reach("payments.verified");
    apply(state, db, payment.id, seen.as_ref()).await
}

/// Writes what follows from what the provider says; `None`: it does not know the payment.
pub(super) async fn apply(
    state: &AppState,
    db: &Database,
    id: PaymentId,
    seen: Option<&Observation>,
) -> Result<Confirmed, Error> {
    let trail = state.trail();
    let mut conn = db.get().await?;
    let confirmed: Result<Confirmed, Error> = conn
        .transaction(async |conn| {
            let payment = store::payments::lock(conn, id).await?;
            let payment = payment.ok_or(Error::NotFound(PAYMENT))?;
            let standing = standing(state, &payment, trail.now());
            let verdict = match seen {
                Some(seen) => observation::judge(&standing, seen),
                None => observation::judge_unknown(&standing),
            };
            let payment = write(state, conn, &trail, payment, verdict, seen).await?;
            Ok(Confirmed { payment, verdict })
        })
        .await;
    let confirmed = confirmed?;
    count(state, &confirmed);
    Ok(confirmed)
}

fn standing<'a>(state: &AppState, payment: &'a Payment, now: DateTime<Utc>) -> Standing<'a> {
    let paystack = &state.settings.paystack;
    Standing {
        status: payment.status,
        reference: payment.reference.as_str(),
        due: payment.due,
        mode: paystack.mode,
        bearer: paystack.fees_borne_by,
        is_over: is_over(state, payment, now),
    }
}

/// Whether the time to pay is over.
pub(super) fn is_over(state: &AppState, payment: &Payment, now: DateTime<Utc>) -> bool {
    payment.created_at + state.settings.session_timeout <= now
}

async fn write(
    state: &AppState,
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: Payment,
    verdict: Verdict,
    seen: Option<&Observation>,
) -> Result<Payment, Error> {
    match (verdict, seen) {
        (Verdict::Pending, Some(seen)) => {
            let channel = seen.channel.as_deref();
            pending(state, conn, trail, &payment, channel).await
        }
        (Verdict::Ended(ending), _) => ended(state, conn, trail, &payment, ending).await,
        (Verdict::Captured, Some(seen)) => {
            capture::record(state, conn, trail, &payment, seen, How::AsDue).await
        }
        (Verdict::Mismatched, Some(seen)) => {
            capture::record(state, conn, trail, &payment, seen, How::Mismatched).await
        }
        (Verdict::Reversed, Some(seen)) => {
            capture::record(state, conn, trail, &payment, seen, How::Reversed).await
        }
        (Verdict::Alien(why), _) => {
            let facts = json!({ "reference": payment.reference.as_str(), "why": why });
            let about = About {
                subject: payment.id.0,
                payment: Some(payment.id),
                facts,
            };
            attention::call(conn, trail, Attention::AlienAnswer, about).await?;
            Ok(payment)
        }
        // An observation is there whenever something follows from one.
        (Verdict::Nothing, _) | (_, None) => Ok(payment),
    }
}

async fn pending(
    state: &AppState,
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &Payment,
    channel: Option<&str>,
) -> Result<Payment, Error> {
    let again_at = trail.now() + state.settings.poll_every;
    let status = PaymentStatus::Pending;
    let changed =
        store::payments::note_uncaptured(conn, payment.id, status, channel, Some(again_at)).await?;
    if is_announced(&changed) {
        let event = PaymentPending {
            payment_id: changed.id.0,
            order_id: changed.order.0,
            user_id: buyer(&changed),
            channel: changed.channel.clone(),
        };
        trail.event(conn, &event, changed.version).await?;
    }
    Ok(changed)
}

/// It is watched further: a success may still follow.
async fn ended(
    state: &AppState,
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &Payment,
    ending: Ending,
) -> Result<Payment, Error> {
    let again_at = trail.now() + state.settings.poll_every;
    let channel = payment.channel.as_deref();
    let changed = store::payments::note_uncaptured(
        conn,
        payment.id,
        ending.status(),
        channel,
        Some(again_at),
    )
    .await?;
    if is_announced(&changed) {
        let event = PaymentFailed {
            payment_id: changed.id.0,
            order_id: changed.order.0,
            user_id: buyer(&changed),
            outcome: match ending {
                Ending::Failed => FailedOutcome::Failed,
                Ending::Abandoned => FailedOutcome::Abandoned,
            },
        };
        trail.event(conn, &event, changed.version).await?;
    }
    Ok(changed)
}

/// Whether others were told of the attempt. One whose address was lost nobody could pay, and nobody heard of.
fn is_announced(payment: &Payment) -> bool {
    payment.address.is_some()
}

/// Who pays, for events; nobody once they were forgotten.
pub(super) fn buyer(payment: &Payment) -> Uuid {
    payment.user.map_or(Uuid::nil(), |user| user.0)
}

/// So many hundredths, for events.
pub(super) fn amount(minor: i64) -> Result<Amount, Error> {
    Amount::try_from_minor(minor).map_err(|error| Error::Bug(error.to_string()))
}

fn count(state: &AppState, confirmed: &Confirmed) {
    let payment = &confirmed.payment;
    let (id, reference) = (payment.id, payment.reference.as_str());
    let outcome = match confirmed.verdict {
        Verdict::Nothing | Verdict::Alien(_) => return,
        Verdict::Pending => "pending",
        Verdict::Ended(ending) => ending.status().name(),
        Verdict::Captured => "paid",
        Verdict::Mismatched => "mismatched",
        Verdict::Reversed => "reversed",
    };
    tracing::info!(payment.id = %id, order.id = %payment.order, reference, outcome, "payment {id} is {outcome}");
    state.counters.payment(outcome);
}
