//! `agape restore`: brings the database back as it was, on a copy beside the running one, and checks it.

mod replace;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use local_stack::{Backup, Backups, Restored, StackError};
use prove::invariants::{self, Report};
use tokio::task::spawn_blocking;
use tokio_postgres::Client;

use self::replace::Replacing;
use super::up::signals;
use crate::backups::{self, RunningServer, in_full};
use crate::bootstrap;
use crate::cli::Restoring;
use crate::lock::{self, Locked};
use crate::output::{complain, say};
use crate::tree::Tree;

/// An open copy and what is known of it.
struct Opened {
    copy: Restored,
    admin: Client,
    report: Report,
}

/// Restores to a moment, checks what must hold at any moment, and says how it went. The copy is removed, or takes the place of the
/// tree's database.
///
/// # Errors
/// The moment is not covered by the backups, or a server does not come up. Violations are told, and make the command fail.
pub async fn run(tree: &Tree, wish: Restoring) -> Result<ExitCode> {
    let (backups, _alone) = backups::of(tree)?;
    let replacing = wish.replace.then(|| Replacing::begin(tree)).transpose()?;
    let at = wish.at.map(|at| at.to_utc());
    let opened = open(tree, &backups, at, wish.replace).await?;
    let is_clean = opened.report.is_clean();
    if let Some(replacing) = replacing
        && (is_clean || wish.despite_violations)
    {
        replacing.finish(&backups, opened).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let Opened { copy, admin, .. } = opened;
    drop(admin);
    if wish.keep {
        wait_for_signal(&copy).await?;
    }
    spawn_blocking(|| copy.discard()).await??;
    if wish.replace {
        complain(
            "The tree's database stays as it is; --despite-violations replaces it all the same",
        );
    }
    Ok(if is_clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Opens a copy as of the moment, looks at it and tells.
async fn open(
    tree: &Tree,
    backups: &Backups,
    at: Option<DateTime<Utc>>,
    for_good: bool,
) -> Result<Opened> {
    let began = Instant::now();
    let all = backups.list()?;
    let backup = backups::choose(&all, at)?.clone();
    if !for_good {
        archive_what_runs(tree, backups).await?;
    }
    let (files, dir, from) = (backups.clone(), tree.restored(), backup.from);
    let restoring = spawn_blocking(move || files.restore(&backup, at, &dir, for_good));
    let copy = restoring.await?.map_err(|error| covered(error, at, &all))?;
    let open_after = began.elapsed();
    let mut admin = bootstrap::inside(&copy.server.url()).await?;
    let last = backups::last_transaction(&admin).await?.unwrap_or(from);
    say(format_args!(
        "Restored from the backup of {} in {:.1} s; the last transaction in it is of {}",
        in_full(from),
        open_after.as_secs_f64(),
        in_full(last)
    ));
    let report = invariants::check_in_motion(&mut admin).await?;
    say(&report);
    say(format_args!(
        "{} after {:.1} s",
        verdict(&report),
        began.elapsed().as_secs_f64()
    ));
    Ok(Opened {
        copy,
        admin,
        report,
    })
}

fn verdict(report: &Report) -> String {
    if report.is_clean() {
        return "Clean: everything that must hold at any moment holds,".to_owned();
    }
    format!("Violated: {},", report.violated().join(", "))
}

/// What a running tree did up to now is kept before it is asked for; one that was stopped has done so itself.
async fn archive_what_runs(tree: &Tree, backups: &Backups) -> Result<()> {
    if let Locked::ByUs(_) = lock::try_lock(tree)? {
        return Ok(());
    }
    let server = RunningServer::at(&super::running(tree)?.postgres).await?;
    let segment = server.close_segment().await?;
    let files = backups.clone();
    Ok(spawn_blocking(move || files.wait_for(&segment)).await??)
}

/// Says what can be restored instead, if it was the moment that cannot be.
fn covered(error: StackError, at: Option<DateTime<Utc>>, all: &[Backup]) -> anyhow::Error {
    let is_late = matches!(error, StackError::TooLate { .. });
    let error = anyhow::Error::from(error);
    match (at, all.first()) {
        (Some(at), Some(first)) if is_late => error.context(format!(
            "{} cannot be restored (the backups cover the time from {} on)",
            in_full(at),
            in_full(first.from)
        )),
        _ => error,
    }
}

async fn wait_for_signal(copy: &Restored) -> Result<()> {
    let stop = signals::stop_on_signal().context("the copy cannot be kept open")?;
    say(format_args!(
        "The copy is open at {} until Ctrl-C",
        copy.server.url()
    ));
    stop.cancelled().await;
    Ok(())
}
