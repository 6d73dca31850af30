//! `agape backup`: copies the running tree's database, so that it can be restored to any moment from then on.

use std::time::Instant;

use anyhow::Result;
use tokio::task::spawn_blocking;

use crate::backups::{self, RunningServer, in_full, megabytes};
use crate::output::say;
use crate::tree::Tree;

/// Takes a base backup, and removes all but the newest `keep` and what only those needed.
///
/// # Errors
/// Nothing runs, the server is not the tree's own, or what was copied is not what is there.
pub async fn run(tree: &Tree, keep: u8) -> Result<()> {
    let (backups, _alone) = backups::of(tree)?;
    let url = super::running(tree)?.postgres;
    let server = RunningServer::at(&url).await?;
    let began = Instant::now();
    // Before the copy, so that it has the setting as well.
    server.archive_each_minute().await?;
    let files = backups.clone();
    spawn_blocking(move || files.begin().and_then(|()| files.copy(&url))).await??;
    let backup = backups.finish(server.now().await?)?;
    // The first segment says whether the others will arrive.
    let segment = server.close_segment().await?;
    let files = backups.clone();
    spawn_blocking(move || files.wait_for(&segment)).await??;
    say(format_args!(
        "Backed up to {}: {} in {:.1} s, every file compared",
        backup.path.display(),
        megabytes(backup.size()?),
        began.elapsed().as_secs_f64()
    ));
    for old in backups.prune(keep.into())? {
        say(format_args!("Removed {}", old.path.display()));
    }
    say(format_args!(
        "Every moment from {} on can be restored: agape restore --at <time>. The log for that: {} in {}",
        in_full(backups.list()?.first().map_or(backup.from, |one| one.from)),
        megabytes(backups.archive_size()?),
        backups.archive().display()
    ));
    say(format_args!(
        "The keys are not in it, and without them what is sealed can never be read: keep a copy of {} elsewhere",
        tree.keys().display()
    ));
    Ok(())
}
