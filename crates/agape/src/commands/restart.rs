//! `agape restart`: replaces running services without refusing a request.

use anyhow::Result;

use crate::output::say;
use crate::supervisor::control::{self, Request};
use crate::tree::Tree;

/// Asks the running `agape up` to replace these services, or all if none is named.
///
/// # Errors
/// Nothing runs, or a service could not be replaced; its old process goes on.
pub async fn run(tree: &Tree, services: Vec<String>) -> Result<()> {
    control::ask(
        &tree.control_socket(),
        &Request::Restart(services),
        |line| say(line),
    )
    .await
}
