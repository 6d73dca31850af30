//! Finding a trace in the logs of this tree.

use anyhow::{Context, Result};

use crate::services;
use crate::tree::Tree;

/// The services in whose logs the trace is, in the order of their ports.
pub(super) fn services_that_logged(tree: &Tree, trace_id: &str) -> Result<Vec<&'static str>> {
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
