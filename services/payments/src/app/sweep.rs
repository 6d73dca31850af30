//! Removing what has had its time, and giving back keys of requests that nobody ended.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use messaging::idempotency;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Error;
use crate::startup::AppState;
use crate::store;

/// How often keys are looked at.
const KEYS: Duration = Duration::from_secs(15);
/// How often what is old is looked for. Any number of replicas may sweep at the same time.
const BODIES: Duration = Duration::from_secs(60 * 60);
/// How long the provider's own words are kept.
const BODIES_KEPT: TimeDelta = TimeDelta::days(90);
/// Rows that one statement changes.
const BATCH: i64 = 1_000;

/// Sweeps until the process stops.
pub(crate) async fn run(state: Arc<AppState>, shutdown: CancellationToken) {
    let mut bodies_at = Instant::now();
    loop {
        let is_hour = bodies_at <= Instant::now();
        if is_hour {
            bodies_at = Instant::now() + BODIES;
        }
        if let Err(error) = sweep(&state, is_hour).await {
            tracing::warn!(cause = %error, "what is old could not be removed; trying again later");
        }
        tokio::select! {
            () = tokio::time::sleep(KEYS) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

async fn sweep(state: &AppState, is_hour: bool) -> Result<(), Error> {
    {
        let mut conn = state.work_db.get().await?;
        // Nothing is held under a claim's id: what was begun is found again by its order or payment.
        idempotency::sweep(&mut conn, idempotency::SWEEP_AFTER).await?;
    }
    if is_hour {
        drop_bodies(state).await
    } else {
        Ok(())
    }
}

/// What webhooks said is forgotten after a while; that they came is not.
async fn drop_bodies(state: &AppState) -> Result<(), Error> {
    loop {
        let before = state.clock.now() - BODIES_KEPT;
        let mut conn = state.work_db.get().await?;
        let dropped = store::webhook_events::drop_bodies(&mut conn, before, BATCH).await?;
        if i64::try_from(dropped).is_ok_and(|dropped| dropped < BATCH) {
            return Ok(());
        }
    }
}
