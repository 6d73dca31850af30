//! Asking the provider without being told: about attempts that may be paid, about refunds that are on their way; paying back what
//! was held long enough, and telling of what no order answers for. Payments are found even if no webhook ever comes.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use common::context::{Context, TraceParent};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::hands::Hands;
use super::refund::{automatic, follow};
use super::{Error, PAYMENT, confirm, unclaimed};
use crate::domain::ids::PaymentId;
use crate::domain::observation::Verdict;
use crate::domain::schedule::{self, Watched};
use crate::startup::AppState;
use crate::store;
use crate::store::payments::Payment;

/// How often the table is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often the gauges are brought up to date.
const GAUGES: Duration = Duration::from_secs(10);
/// Payments that are asked about at a time.
const AT_ONCE: usize = 8;

/// Polls until told to stop; what is in hand then is brought to its end.
pub(crate) async fn run(state: Arc<AppState>, shutdown: CancellationToken) {
    let mut gauges_at = Instant::now();
    let mut hands = Hands::new(AT_ONCE);
    while !shutdown.is_cancelled() {
        if gauges_at <= Instant::now() {
            show(&state).await;
            gauges_at = Instant::now() + GAUGES;
        }
        match look(&state, &mut hands).await {
            Ok(true) => {
                hands.until_free().await;
                continue;
            }
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(cause = %error, "payments that are due cannot be read; trying again");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = shutdown.cancelled() => {}
        }
    }
    hands.finish().await;
}

/// Begins what is due; answers whether there may be more.
async fn look(state: &Arc<AppState>, hands: &mut Hands) -> Result<bool, Error> {
    automatic::refund_due(state).await?;
    unclaimed::call_due(state).await?;
    let now = state.clock.now();
    let free = hands.free();
    let due = {
        let limit = i64::try_from(free).unwrap_or(i64::MAX);
        let mut conn = state.work_db.get().await?;
        store::watching::claim_checks(&mut conn, now, now + state.settings.in_hand, limit).await?
    };
    let is_full = due.len() == free;
    for payment in due {
        let state = Arc::clone(state);
        hands.give(async move {
            if let Err(error) = check(&state, payment).await {
                // The lease runs out, and somebody tries again.
                tracing::warn!(payment.id = %payment, cause = %error, "a payment could not be looked at");
            }
        });
    }
    Ok(is_full)
}

async fn check(state: &AppState, id: PaymentId) -> Result<(), Error> {
    let payment = {
        let mut conn = state.work_db.get().await?;
        store::payments::find(&mut conn, id).await?
    };
    let payment = payment.ok_or(Error::NotFound(PAYMENT))?;
    let trace = payment.traceparent.as_deref().and_then(TraceParent::parse);
    let trace = trace.unwrap_or_else(|| TraceParent::random(false));
    let context = Context::new(&id.to_string(), trace);
    context.scope(ask(state, payment)).await
}

async fn ask(state: &AppState, payment: Payment) -> Result<(), Error> {
    let (id, looks) = (payment.id, payment.looks);
    let since = payment.watched_anew_at.unwrap_or(payment.created_at);
    let watched = if payment.status.is_captured() {
        Watched::Refunding
    } else if payment.status.is_open() && !payment.is_superseded {
        Watched::Open
    } else {
        Watched::Ended
    };
    let has_moved = match watched {
        Watched::Refunding => follow::follow(state, &payment).await.map(|()| false),
        Watched::Open | Watched::Ended => confirm::confirm(state, &state.work_db, payment)
            .await
            .map(|confirmed| has_moved(confirmed.verdict)),
    };
    if let Err(error) = &has_moved {
        tracing::warn!(payment.id = %id, cause = %error, "the provider could not be asked about a payment");
    }
    // What has come further has set its own time.
    if has_moved.unwrap_or(false) {
        return Ok(());
    }
    let now = state.clock.now();
    let pause = schedule::next_look(watched, now - since, looks, state.settings.poll_every);
    let mut conn = state.work_db.get().await?;
    store::watching::put_off(&mut conn, id, pause.map(|pause| now + pause)).await?;
    Ok(())
}

fn has_moved(verdict: Verdict) -> bool {
    match verdict {
        Verdict::Nothing | Verdict::Alien(_) => false,
        Verdict::Pending
        | Verdict::Ended(_)
        | Verdict::Captured
        | Verdict::Mismatched
        | Verdict::Reversed => true,
    }
}

async fn show(state: &AppState) {
    let shown = async {
        let mut conn = state.work_db.get().await?;
        let webhook = store::webhook_events::oldest_waiting(&mut conn).await?;
        let refund = store::refunds::oldest_under_way(&mut conn).await?;
        let open = store::attention::count_open(&mut conn).await?;
        let pulled = store::settlements::pull(&mut conn).await?.finished_at;
        let compared = store::reconciliation::runs::last_finished(&mut conn).await?;
        let mismatches = store::reconciliation::mismatches::count_open(&mut conn).await?;
        Ok::<_, Error>((webhook, refund, open, pulled, compared, mismatches))
    };
    if let Ok((webhook, refund, open, pulled, compared, mismatches)) = shown.await {
        let age = |since: Option<DateTime<Utc>>| {
            since.map_or(0, |since| (state.clock.now() - since).num_seconds())
        };
        state.counters.oldest_webhook(age(webhook));
        state.counters.oldest_refund(age(refund));
        // Where nobody reads the list, it does not grow old.
        let is_read = !state.settings.settlements.every.is_zero();
        state
            .counters
            .settlement_pull(age(pulled.filter(|_| is_read)));
        state.counters.attention(&open);
        state.counters.reconciled(age(compared));
        state.counters.mismatches(&mismatches);
    }
}
