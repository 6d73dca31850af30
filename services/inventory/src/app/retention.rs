//! Removing what has had its time.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use super::Error;
use crate::startup::AppState;
use crate::store;

/// How often. Any number of replicas may sweep at the same time.
const EVERY: Duration = Duration::from_secs(60 * 60);
/// How long a reservation is kept that ended without a sale. One that was sold stays: goods may come back from it, and the
/// ledger names it.
const KEPT: TimeDelta = TimeDelta::days(90);
/// Rows that one statement removes.
const BATCH: i64 = 1_000;

/// Sweeps until the process stops.
pub(crate) async fn run(state: Arc<AppState>, shutdown: CancellationToken) {
    loop {
        if let Err(error) = sweep(&state).await {
            tracing::warn!(cause = %error, "old reservations could not be removed; trying again later");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

async fn sweep(state: &AppState) -> Result<(), Error> {
    loop {
        let mut conn = state.work_db.get().await?;
        let before = store::reservations::clock(&mut conn).await? - KEPT;
        let removed = store::expiry::sweep(&mut conn, before, BATCH).await?;
        if i64::try_from(removed).is_ok_and(|removed| removed < BATCH) {
            return Ok(());
        }
    }
}
