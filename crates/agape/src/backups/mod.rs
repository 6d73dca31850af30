//! The backups of this tree's private PostgreSQL, and what a database needs that comes back as it was.
//!
//! What a server given by the environment needs is its operator's to say: `proto-docs/runbooks/restore.md`.

mod republish;
mod server;

use anyhow::{Context, Result, bail, ensure};
use chrono::{DateTime, SecondsFormat, Utc};
use local_stack::{Backup, Backups};

use crate::given;
use crate::lock::{self, Locked, RunLock};
use crate::private_files;
use crate::tree::Tree;

pub use republish::republish;
pub use server::{RunningServer, last_transaction};

/// The backups of the tree's own server, and the right to deal with them, which one process has at a time.
///
/// # Errors
/// The server is not the tree's own, or somebody else deals with them.
pub fn of(tree: &Tree) -> Result<(Backups, RunLock)> {
    ensure!(
        given::variable(given::POSTGRES_URL).is_none(),
        "the server of {} is not this tree's to back up or restore; see proto-docs/runbooks/restore.md",
        given::POSTGRES_URL
    );
    tree.prepare()?;
    let folder = tree.backups();
    private_files::ensure_dir(&folder)?;
    let Locked::ByUs(lock) = lock::try_lock_file(&folder.join("lock"))? else {
        bail!("another backup or restoration is under way in this tree");
    };
    Ok((Backups::of(&tree.postgres(), &folder)?, lock))
}

/// The newest backup from which `at` can be reached; without a time, the newest.
///
/// # Errors
/// There is none, or all are younger; the error says what they cover.
pub fn choose(all: &[Backup], at: Option<DateTime<Utc>>) -> Result<&Backup> {
    let first = all
        .first()
        .context("there is no backup; `agape backup` takes one of the running tree")?;
    let mut reached = all
        .iter()
        .filter(|backup| at.is_none_or(|at| backup.from <= at));
    reached.next_back().with_context(|| {
        format!(
            "no backup goes back so far: they cover the time from {} on",
            in_full(first.from)
        )
    })
}

/// A time as it is read and typed.
pub fn in_full(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// A size for people.
#[must_use]
pub fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backup(from: &str) -> Backup {
        Backup {
            from: from.parse().unwrap(),
            path: from.into(),
        }
    }

    #[test]
    fn the_newest_backup_before_the_moment_is_taken() {
        let all = ["2026-01-12T10:00:00Z", "2026-01-13T10:00:00Z"].map(backup);
        let chosen = |at: Option<&str>| {
            let at = at.map(|at| at.parse().unwrap());
            choose(&all, at).map(|backup| backup.path.display().to_string())
        };
        let (first, second) = ("2026-01-12T10:00:00Z", "2026-01-13T10:00:00Z");
        assert_eq!(chosen(None).unwrap(), second);
        assert_eq!(chosen(Some("2026-01-20T00:00:00Z")).unwrap(), second);
        assert_eq!(chosen(Some(second)).unwrap(), second);
        assert_eq!(chosen(Some("2026-01-13T09:59:59.9Z")).unwrap(), first);
        let refused = chosen(Some("2026-01-12T09:59:59.9Z")).unwrap_err();
        assert!(refused.to_string().contains(first), "{refused}");
        assert!(choose(&[], None).is_err());
    }
}
