//! Working off what the provider told. An event is a hint and no more: what follows is asked of the provider itself.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use common::context::{Context, TraceParent};
use common::failpoint;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use messaging::Trail;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::attention::{self, About, Attention};
use super::dispute::learn::{self, Learned};
use super::hands::Hands;
use super::refund::follow;
use super::{Error, confirm};
use crate::domain::ids::PaymentId;
use crate::domain::observation::Verdict;
use crate::domain::reference::Reference;
use crate::domain::schedule;
use crate::domain::webhook_event::Concern;
use crate::startup::AppState;
use crate::store;
use crate::store::payments::Payment;
use crate::store::webhook_events::ClaimedEvent;

/// How often the table is looked at when nobody says that something came.
const POLL: Duration = Duration::from_secs(1);
/// For so long an event about a payment that is not known is kept waiting.
const UNKNOWN_FOR: TimeDelta = TimeDelta::hours(24);
/// For so long an event waits whose payment is not paid by the provider's own account; after that people and the poller have it.
const UNCONFIRMED_FOR: TimeDelta = TimeDelta::hours(1);

/// Works until told to stop; what is in hand then is brought to its end.
pub(crate) async fn run(state: Arc<AppState>, shutdown: CancellationToken) {
    let mut hands = Hands::new(state.settings.webhooks_at_once);
    while !shutdown.is_cancelled() {
        hands.until_free().await;
        match claim(&state).await {
            Ok(Some(event)) => {
                let state = Arc::clone(&state);
                hands.give(async move { work(&state, &event).await });
                continue;
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(cause = %error, "webhooks that are due cannot be read; trying again");
            }
        }
        tokio::select! {
            () = state.webhook_came.notified() => {}
            () = tokio::time::sleep(POLL) => {}
            () = shutdown.cancelled() => {}
        }
    }
    hands.finish().await;
}

async fn claim(state: &AppState) -> Result<Option<ClaimedEvent>, Error> {
    let now = state.clock.now();
    let mut conn = state.work_db.get().await?;
    let until = now + state.settings.in_hand;
    Ok(store::webhook_events::claim_next(&mut conn, now, until).await?)
}

/// How an event ends.
enum End {
    /// Worked off, with this outcome.
    Done(&'static str),
    /// Worked off, but somebody should know.
    Anomaly(&'static str, Attention),
    /// Worked off, though the provider does not say that this payment is paid.
    Unconfirmed(PaymentId),
    /// It waits for this.
    Wait(String),
}

async fn work(state: &AppState, event: &ClaimedEvent) {
    failpoint::reach("payments.webhook_claimed");
    let end = match consider(state, event).await {
        Ok(end) => end,
        // Whatever it is, the event is kept and tried again.
        Err(error) => End::Wait(error.to_string()),
    };
    failpoint::reach("payments.webhook_applied");
    if let Err(error) = write(state, event, end).await {
        // The lease runs out, and somebody tries again.
        tracing::warn!(webhook.id = %event.id, cause = %error, "what became of a webhook could not be written");
    }
}

async fn consider(state: &AppState, event: &ClaimedEvent) -> Result<End, Error> {
    let concern = Concern::of(&event.event_type);
    if concern == Concern::Nothing {
        return Ok(End::Done("ignored"));
    }
    if concern == Concern::Dispute {
        return consider_dispute(state, event).await;
    }
    let reference = event.reference.as_deref().map(Reference::parse);
    // Money moved, and nobody can say whose.
    let Some(Ok(reference)) = reference else {
        return Ok(End::Anomaly(
            "unknown_reference",
            Attention::UnknownReference,
        ));
    };
    let payment = {
        let mut conn = state.work_db.get().await?;
        store::payments::find_by_reference(&mut conn, &reference).await?
    };
    let Some(payment) = payment else {
        return Ok(unknown(state, event));
    };
    let trace = payment.traceparent.as_deref().and_then(TraceParent::parse);
    let trace = trace.unwrap_or_else(|| TraceParent::random(false));
    let context = Context::new(&event.id.to_string(), trace);
    context.scope(apply(state, event, payment, concern)).await
}

/// A dispute is asked about by its own number, so that what it is about need not be known.
async fn consider_dispute(state: &AppState, event: &ClaimedEvent) -> Result<End, Error> {
    let Some(dispute) = event.dispute.as_deref() else {
        return Ok(End::Anomaly("unknown_dispute", Attention::Dispute));
    };
    let context = Context::new(&event.id.to_string(), TraceParent::random(false));
    match context.scope(learn::learn(state, dispute)).await {
        Ok(Learned::Known(_)) => Ok(End::Done("applied")),
        Ok(Learned::Alien) => Ok(End::Done("alien")),
        Ok(Learned::Unknown) => Ok(End::Done("unknown_dispute")),
        Err(Error::Busy(_)) if state.clock.now() - event.received_at >= UNKNOWN_FOR => {
            Ok(End::Anomaly("unconfirmed", Attention::Dispute))
        }
        Err(error) => Err(error),
    }
}

/// It may have come before our own row was written, or belong to another shop of the same account.
fn unknown(state: &AppState, event: &ClaimedEvent) -> End {
    if state.clock.now() - event.received_at >= UNKNOWN_FOR {
        End::Anomaly("unknown_reference", Attention::UnknownReference)
    } else {
        End::Wait("no such payment is known".to_owned())
    }
}

async fn apply(
    state: &AppState,
    event: &ClaimedEvent,
    payment: Payment,
    concern: Concern,
) -> Result<End, Error> {
    // Refunds of a payment that is not known to be paid come after that.
    let confirmed = confirm::confirm(state, &state.work_db, payment).await?;
    if let Verdict::Alien(_) = confirmed.verdict {
        return Ok(End::Done("alien"));
    }
    let payment = confirmed.payment;
    if !payment.status.is_captured() {
        let is_late = state.clock.now() - event.received_at >= UNCONFIRMED_FOR;
        return Ok(if is_late {
            End::Unconfirmed(payment.id)
        } else {
            End::Wait("the provider does not say that it is paid".to_owned())
        });
    }
    if concern == Concern::Refunds {
        follow::follow(state, &payment).await?;
    }
    Ok(if event.is_contradiction {
        End::Anomaly("applied", Attention::ContradictingEvent)
    } else {
        End::Done("applied")
    })
}

async fn write(state: &AppState, event: &ClaimedEvent, end: End) -> Result<(), Error> {
    let outcome = match end {
        End::Wait(cause) => {
            put_off(state, event, &cause).await?;
            "deferred"
        }
        End::Done(outcome) => finish(state, event, ("done", outcome), None).await?,
        End::Anomaly(outcome, why) => {
            let call = (why, about(event));
            finish(state, event, ("anomaly", outcome), Some(call)).await?
        }
        End::Unconfirmed(payment) => {
            let call = (Attention::Unconfirmed, about_payment(event, payment));
            finish(state, event, ("anomaly", "unconfirmed"), Some(call)).await?
        }
    };
    state.counters.worked(outcome);
    Ok(())
}

async fn put_off(state: &AppState, event: &ClaimedEvent, cause: &str) -> Result<(), Error> {
    let pause = schedule::backoff(event.attempts.unsigned_abs(), rand::random());
    let until = state.clock.now() + pause;
    let mut conn = state.work_db.get().await?;
    store::webhook_events::put_off(&mut conn, event, until, cause).await?;
    tracing::info!(webhook.id = %event.id, kind = event.event_type, cause, "a webhook waits");
    Ok(())
}

/// Ends an event, with what people have to see if there is anything; answers its outcome.
async fn finish(
    state: &AppState,
    event: &ClaimedEvent,
    (status, outcome): (&'static str, &'static str),
    call: Option<(Attention, About)>,
) -> Result<&'static str, Error> {
    let trail = state.trail();
    let again_at = trail.now() + state.settings.poll_every;
    let mut conn = state.work_db.get().await?;
    let Some((why, about)) = call else {
        store::webhook_events::end(&mut conn, event, status, outcome, trail.now()).await?;
        return Ok(outcome);
    };
    let finished: Result<(), Error> = conn
        .transaction(async |conn| {
            store::webhook_events::end(conn, event, status, outcome, trail.now()).await?;
            if let (Attention::Unconfirmed, Some(payment)) = (why, about.payment) {
                watch_anew(conn, &trail, payment, again_at).await?;
            }
            attention::call(conn, &trail, why, about).await?;
            Ok(())
        })
        .await;
    finished?;
    Ok(outcome)
}

/// The provider may come to know of it late, and tells each thing for three days only: so long it is asked once more.
async fn watch_anew(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: PaymentId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let payment = store::payments::lock(conn, payment).await?;
    if let Some(payment) = payment.filter(|payment| !payment.status.is_captured()) {
        store::watching::watch_anew(conn, payment.id, trail.now(), at).await?;
    }
    Ok(())
}

fn about(event: &ClaimedEvent) -> About {
    About {
        subject: event.id,
        payment: None,
        facts: json!({ "eventType": event.event_type, "reference": event.reference, "dispute": event.dispute }),
    }
}

fn about_payment(event: &ClaimedEvent, payment: PaymentId) -> About {
    About {
        subject: payment.0,
        payment: Some(payment),
        ..about(event)
    }
}
