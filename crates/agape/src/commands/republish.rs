//! `agape republish`: has events sent again that a restored database has no trace of.

use anyhow::Result;

use crate::backups;
use crate::output::say;
use crate::tree::Tree;
use crate::{bootstrap, given, services};

/// Marks them in the database of `AGAPE__POSTGRES_URL`, else of the running tree.
///
/// # Errors
/// No server is known, or it refuses.
pub async fn run(tree: &Tree) -> Result<()> {
    let url = match given::variable(given::POSTGRES_URL) {
        Some(url) => url,
        None => super::running(tree)?.postgres,
    };
    let mut admin = bootstrap::inside(&url).await?;
    let events = backups::republish(&mut admin, &services::with_schema()).await?;
    say(format_args!("{events} events will be published once more"));
    Ok(())
}
