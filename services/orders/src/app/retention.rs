//! Removing what has had its time.

use std::sync::Arc;
use std::time::Duration;

use messaging::idempotency;
use tokio_util::sync::CancellationToken;

use super::Error;
use crate::startup::AppState;

/// How often. Any number of replicas may sweep at the same time.
const EVERY: Duration = Duration::from_secs(60 * 60);
/// What one call of [`idempotency::purge`] removes at most.
const BATCH: usize = 1_000;

/// Sweeps until the process stops. Orders themselves stay: they are the shop's books.
pub(crate) async fn run(state: Arc<AppState>, shutdown: CancellationToken) {
    loop {
        if let Err(error) = sweep(&state).await {
            tracing::warn!(cause = %error, "old answers could not be removed; trying again later");
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
        let removed = idempotency::purge(&mut conn, idempotency::KEEP_FOR).await?;
        if removed < BATCH {
            return Ok(());
        }
    }
}
