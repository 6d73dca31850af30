//! Invoices and credit notes.
//!
//! A document becomes due with the order's settlement. It is *issued* in a second step, which gives it the next number of its
//! series and year and fixes its content for good; numbers have no gaps because number and document commit together, and one
//! batch takes the counter's row once for all of its documents. It is *drawn* in a third step, which makes the PDF from the
//! stored content, off every request's path, and only then is the world told.

mod content;
mod draw;
mod issue;
mod read;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

pub(crate) use self::read::{Pdf, document_of, number_of};
use super::Error;
use crate::startup::AppState;

/// How often each replica looks for what other replicas left.
const EVERY: Duration = Duration::from_secs(1);
/// How soon it looks again: what becomes due within that time goes in one batch, which under load saves most of the work. A
/// document that comes alone waits for nothing.
const GATHER: Duration = Duration::from_millis(250);
/// While so many orders are paid that settling them takes all there is, documents wait: for so long between two batches.
const IN_A_RUSH: Duration = Duration::from_secs(5);

/// Issues and draws until the process stops.
pub(crate) async fn run(state: Arc<AppState>, shutdown: CancellationToken) {
    loop {
        let begun = Instant::now();
        while state.rush.is_on(std::time::Instant::now())
            && begun.elapsed() < IN_A_RUSH
            && !shutdown.is_cancelled()
        {
            sleep(GATHER).await;
        }
        let next_look = Instant::now() + GATHER;
        match work(&state).await {
            Ok(true) if !shutdown.is_cancelled() => continue,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(cause = %error, "documents could not be issued; trying again");
            }
        }
        tokio::select! {
            () = state.documents_due.notified() => sleep_until(next_look).await,
            () = sleep(EVERY) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// One batch of each step; whether there may be more.
async fn work(state: &AppState) -> Result<bool, Error> {
    let may_issue_more = issue::issue_batch(state).await?;
    let may_draw_more = draw::draw_batch(state).await?;
    Ok(may_issue_more || may_draw_more)
}
