//! Removing what has had its time.

use std::sync::Arc;
use std::time::Duration;

use common::ids;
use messaging::idempotency;
use messaging::leases::{Lease, LeaseKeeper};
use tokio_util::sync::CancellationToken;

use super::Error;
use crate::startup::AppState;
use crate::store;

/// How often. What has expired is not shown from that moment on, so this only keeps the tables small.
const EVERY: Duration = Duration::from_secs(60);

/// Sweeps until the process stops, in one process at a time.
pub(crate) async fn run(state: Arc<AppState>, shutdown: CancellationToken) {
    let keeper = LeaseKeeper::new(state.work_db.clone(), "sweep", ids::new_id());
    let work = |_: Lease| {
        let state = Arc::clone(&state);
        async move {
            loop {
                if let Err(error) = sweep(&state).await {
                    tracing::warn!(cause = %error, "expired carts could not be removed; trying again later");
                }
                tokio::time::sleep(EVERY).await;
            }
        }
    };
    keeper.hold(shutdown, work).await;
}

/// Each batch commits alone, and a cart that somebody changes at this moment is left out, so that even a second sweeper does
/// no harm.
async fn sweep(state: &AppState) -> Result<(), Error> {
    let mut conn = state.work_db.get().await?;
    loop {
        let removed = store::due_carts::remove_expired(&mut conn).await?;
        state.counters.expired(removed);
        if removed == 0 {
            break;
        }
    }
    // Nothing is held elsewhere under the id of a claim that was abandoned here.
    idempotency::sweep(&mut conn, idempotency::SWEEP_AFTER).await?;
    Ok(())
}
