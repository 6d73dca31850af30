//! The background task that sends what is due. Every process may have one, and any number of processes may run.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Error, deliver};
use crate::startup::AppState;
use crate::store;
use crate::store::claims::ClaimedRow;

/// How often the table is looked at when nobody says that something is due.
const POLL: Duration = Duration::from_secs(1);
/// How often the gauges are brought up to date.
const GAUGES: Duration = Duration::from_secs(10);
/// Mails are in hand at the same time, so that waiting for answers does not keep the pace down: as many as may leave in this
/// time, but at least and at most so many.
const IN_HAND: Duration = Duration::from_secs(4);
const AT_ONCE: (usize, usize) = (8, 32);
/// How soon the table is looked at again: what becomes due within that time is taken at once, which under load saves most of
/// the looks. A mail that comes alone waits for nothing.
const GATHER: Duration = Duration::from_millis(100);

/// Sends until told to stop; what is in hand then is brought to its end.
pub(crate) async fn run(state: Arc<AppState>, shutdown: CancellationToken) {
    let at_once = state.pace.turns_in(IN_HAND).clamp(AT_ONCE.0, AT_ONCE.1);
    let slots = Arc::new(Semaphore::new(at_once));
    let mut in_hand = JoinSet::new();
    let mut gauges_at = Instant::now();
    while !shutdown.is_cancelled() {
        if gauges_at <= Instant::now() {
            show_waiting(&state).await;
            gauges_at = Instant::now() + GAUGES;
        }
        while in_hand.try_join_next().is_some() {}
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            return;
        };
        let mut free = vec![slot];
        free.extend(std::iter::from_fn(|| {
            Arc::clone(&slots).try_acquire_owned().ok()
        }));
        let next_look = Instant::now() + GATHER;
        let due = take_due(&state, free.len()).await;
        let due = due.unwrap_or_else(|error| {
            tracing::warn!(cause = %error, "mails that are due cannot be read; trying again");
            Vec::new()
        });
        let has_taken = !due.is_empty();
        for (row, slot) in due.into_iter().zip(free) {
            let state = Arc::clone(&state);
            in_hand.spawn(async move {
                deliver::deliver(&state, row).await;
                drop(slot);
            });
        }
        let wake = async {
            if !has_taken {
                state.wake.notified().await;
            }
            sleep_until(next_look).await;
        };
        // A silence can be long; looking every second costs nothing and ends at a stop.
        tokio::select! {
            () = wake => {}
            () = sleep(POLL) => {}
            () = shutdown.cancelled() => {}
        }
    }
    while in_hand.join_next().await.is_some() {}
}

/// While the provider wants to hear nothing, nothing is taken: content that is not asked for does not grow old.
async fn take_due(state: &AppState, rows_max: usize) -> Result<Vec<ClaimedRow>, Error> {
    if state.pace.silence().is_some() {
        return Ok(Vec::new());
    }
    let mut conn = state.work_db.get().await?;
    let lease = state.settings.sending_lease;
    Ok(store::claims::claim(&mut conn, rows_max, state.clock.now(), lease).await?)
}

async fn show_waiting(state: &AppState) {
    let shown = async {
        let mut conn = state.work_db.get().await?;
        Ok::<_, Error>(store::messages::waiting(&mut conn, state.clock.now()).await?)
    };
    if let Ok(waiting) = shown.await {
        state.counters.show_waiting(&waiting);
    }
}
