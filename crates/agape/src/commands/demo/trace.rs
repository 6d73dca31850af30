//! Finding a trace in the logs of this tree.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::{Instant, sleep};

use crate::services;
use crate::tree::Tree;

/// It logs that a mail left when that is written, which may be a moment after the mail arrived.
const LAST: &str = "notifications";
/// How long it is waited for, and how often looked for.
const WAIT: (Duration, Duration) = (Duration::from_secs(5), Duration::from_millis(100));

/// The services in whose logs the trace of a purchase is, in the order of their ports, once the last of them has logged.
pub(super) async fn services_that_logged(tree: &Tree, trace_id: &str) -> Result<Vec<&'static str>> {
    let begun = Instant::now();
    loop {
        let found = search(tree, trace_id)?;
        if found.contains(&LAST) || begun.elapsed() > WAIT.0 {
            return Ok(found);
        }
        sleep(WAIT.1).await;
    }
}

fn search(tree: &Tree, trace_id: &str) -> Result<Vec<&'static str>> {
    let mut found = Vec::new();
    for name in services::names() {
        let path = tree.logs().join(format!("{name}.log"));
        let log =
            std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        if String::from_utf8_lossy(&log).contains(trace_id) {
            found.push(name);
        }
    }
    Ok(found)
}
