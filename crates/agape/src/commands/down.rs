//! `agape down`: stops what `agape up` started in this tree.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::lock::{self, Locked};
use crate::output::say;
use crate::supervisor::control::{self, Request};
use crate::tree::Tree;

/// Services drain for up to 27 s, then the databases stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks the running `agape up` to stop, and waits until it is gone.
///
/// # Errors
/// It does not answer, or does not end.
pub async fn run(tree: &Tree) -> Result<()> {
    if !tree.state().is_dir() || matches!(lock::try_lock(tree)?, Locked::ByUs(_)) {
        say("Nothing runs in this tree.");
        return Ok(());
    }
    control::ask(&tree.control_socket(), &Request::Stop, |line| say(line)).await?;
    let until = Instant::now() + PATIENCE;
    while matches!(lock::try_lock(tree)?, Locked::ByOther(_)) {
        if Instant::now() >= until {
            bail!(
                "it did not stop within {} s; see {}",
                PATIENCE.as_secs(),
                tree.log("agape").display()
            );
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    say("Stopped.");
    Ok(())
}
