//! Reads the provider's list every now and then, in one process at a time.

use std::sync::Arc;
use std::time::Duration;

use common::ids;
use messaging::leases::{FenceError, Lease, LeaseKeeper};
use tokio_util::sync::CancellationToken;

use super::{apply, bank_credits, close, missing, pull, take};
use crate::app::Error;
use crate::startup::AppState;
use crate::store;
use crate::store::settlements::Settlement;

/// Reads until the process stops; never, if it is not to.
pub(crate) async fn run(state: Arc<AppState>, shutdown: CancellationToken) {
    let every = state.settings.settlements.every;
    if every.is_zero() {
        return shutdown.cancelled().await;
    }
    let keeper = LeaseKeeper::new(state.work_db.clone(), "settlements", ids::new_id());
    let work = |lease: Lease| {
        let state = Arc::clone(&state);
        async move { lead(&state, &lease, every).await }
    };
    while !shutdown.is_cancelled() {
        keeper.hold(shutdown.clone(), work).await;
    }
}

/// Works for as long as this process leads.
async fn lead(state: &AppState, lease: &Lease, every: Duration) {
    loop {
        match turn(state, lease).await {
            // Another leads; the keeper finds out.
            Err(Error::Fence(FenceError::LeaseLost(_))) => return,
            Err(error) => {
                tracing::warn!(cause = %error, "settlements could not be read; trying again later");
            }
            Ok(()) => {}
        }
        tokio::time::sleep(every).await;
    }
}

async fn turn(state: &AppState, lease: &Lease) -> Result<(), Error> {
    let pulled = pull::pull(state, lease).await;
    // What is here already goes on, also while the list cannot be read.
    let mut after = None;
    loop {
        let next = {
            let mut conn = state.work_db.get().await?;
            store::settlements::next_to_do(&mut conn, after).await?
        };
        let Some(settlement) = next else { break };
        after = Some(settlement.id);
        match bring_in(state, lease, &settlement).await {
            Err(error @ Error::Fence(FenceError::LeaseLost(_))) => return Err(error),
            // One that cannot be brought in now must not hold up the others.
            Err(error) => {
                state.counters.settlement("stuck");
                tracing::warn!(settlement.id = %settlement.id, cause = %error, "a settlement waits");
            }
            Ok(()) => {}
        }
    }
    bank_credits::match_all(state, lease).await?;
    missing::call_due(state, lease).await?;
    pulled
}

/// Takes a settlement to the end.
async fn bring_in(state: &AppState, lease: &Lease, settlement: &Settlement) -> Result<(), Error> {
    take::take(state, lease, settlement).await?;
    apply::apply(state, lease, settlement).await?;
    close::close(state, lease, settlement).await
}
