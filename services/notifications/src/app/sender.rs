//! The background task that sends what is due. Every process may have one, and any number of processes may run.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Error, deliver};
use crate::startup::AppState;
use crate::store;
use crate::store::claims::ClaimedRow;

/// How often the table is looked at when nobody says that something is due.
const POLL: Duration = Duration::from_secs(1);
/// How often the gauges are brought up to date.
const GAUGES: Duration = Duration::from_secs(10);
/// Mails in hand at the same time. Waiting for answers must not keep the pace down.
const AT_ONCE: usize = 8;

/// Sends until told to stop; what is in hand then is brought to its end.
pub(crate) async fn run(state: Arc<AppState>, shutdown: CancellationToken) {
    let slots = Arc::new(Semaphore::new(AT_ONCE));
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
        let pause = match next_due(&state).await {
            Ok(Some(row)) => {
                let state = Arc::clone(&state);
                in_hand.spawn(async move {
                    deliver::deliver(&state, row).await;
                    drop(slot);
                });
                continue;
            }
            Ok(None) => POLL,
            Err(error) => {
                tracing::warn!(cause = %error, "mails that are due cannot be read; trying again");
                POLL
            }
        };
        drop(slot);
        // A silence can be long; looking every second costs nothing and ends at a stop.
        tokio::select! {
            () = state.wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
            () = shutdown.cancelled() => {}
        }
    }
    while in_hand.join_next().await.is_some() {}
}

/// While the provider wants to hear nothing, nothing is taken: content that is not asked for does not grow old.
async fn next_due(state: &AppState) -> Result<Option<ClaimedRow>, Error> {
    if state.pace.silence().is_some() {
        return Ok(None);
    }
    let mut conn = state.work_db.get().await?;
    let lease = state.settings.sending_lease;
    Ok(store::claims::claim_next(&mut conn, state.clock.now(), lease).await?)
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
