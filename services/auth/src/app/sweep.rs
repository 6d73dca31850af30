//! Removing what has had its time.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use messaging::idempotency;
use tokio_util::sync::CancellationToken;

use super::Error;
use crate::startup::AppState;
use crate::store;

/// How often. Each sweep is small, and any number of replicas may sweep at the same time.
const EVERY: Duration = Duration::from_secs(60 * 60);
/// Ended sessions stay this long, so that their owner and an investigator can still see them.
const SESSIONS_KEPT: TimeDelta = TimeDelta::days(30);
/// A browser that has not been used for this long is new again.
const DEVICES_KEPT: TimeDelta = TimeDelta::days(400);

/// The address for an erased account's last mail is kept this long, so that the mail can be tried again.
const RECIPIENTS_KEPT: TimeDelta = TimeDelta::days(3);
/// What mails told is kept this long.
const MAILS_KEPT: TimeDelta = TimeDelta::days(90);

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
    let mut conn = state.db.get().await?;
    store::sessions::sweep(&mut conn, now - SESSIONS_KEPT).await?;
    store::login_attempts::sweep(&mut conn, now).await?;
    store::known_devices::sweep(&mut conn, now - DEVICES_KEPT).await?;
    // Nothing is held elsewhere under the id of a claim that was abandoned here.
    idempotency::sweep(&mut conn, idempotency::SWEEP_AFTER).await?;
    store::one_time_tokens::sweep(&mut conn, now).await?;
    store::mail_collection::drop_recipients(&mut conn, now - RECIPIENTS_KEPT).await?;
    store::mail_collection::sweep(&mut conn, now - MAILS_KEPT).await?;
    Ok(())
}
