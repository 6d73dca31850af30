//! Removing what has had its time.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use super::Error;
use crate::startup::AppState;
use crate::store;

/// How often. Each sweep is small, and any number of replicas may sweep at the same time.
const EVERY: Duration = Duration::from_secs(60 * 60);
/// Who got which mail is known for this long, for whoever asks where a mail stayed. Also the longest that auth answers
/// for a mail that is sent again.
const MESSAGES_KEPT: TimeDelta = TimeDelta::days(90);
/// The provider repeats what it tells for half a day, and by hand for longer.
const TOLD_KEPT: TimeDelta = TimeDelta::days(30);

/// Sweeps until the process stops.
pub(crate) async fn run(state: Arc<AppState>, shutdown: CancellationToken) {
    loop {
        if let Err(error) = sweep(&state).await {
            tracing::warn!(cause = %error, "expired rows could not be removed; trying again later");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

async fn sweep(state: &AppState) -> Result<(), Error> {
    let now = state.clock.now();
    let mut conn = state.work_db.get().await?;
    store::messages::sweep(&mut conn, now - MESSAGES_KEPT).await?;
    store::webhook_events::sweep(&mut conn, now - TOLD_KEPT).await?;
    Ok(())
}
