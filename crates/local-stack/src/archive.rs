//! Where PostgreSQL's write-ahead log is kept, and how it gets there and back.
//!
//! A segment is compressed on its way: one that was closed early, as happens each minute, is mostly empty.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::error::StackError;
use crate::place;

/// What a kept segment is called beyond its own name.
pub(crate) const ENDING: &str = ".gz";
/// A day's log may have to be replayed.
const RECOVERY_PATIENCE: Duration = Duration::from_secs(2 * 60 * 60);

/// What becomes of a server's write-ahead log.
#[derive(Debug, Clone)]
pub(crate) enum Wal {
    /// It is gone as soon as a crash of the server needs it no more.
    Forgotten,
    /// It goes into the archive, if the archive is there.
    Kept { archive: PathBuf },
    /// The server is a copy: it plays the log of the archive up to a moment, or to its end, before it opens.
    Replayed {
        archive: PathBuf,
        until: Option<DateTime<Utc>>,
        /// Whether what the copy writes from then on is kept in the same archive.
        is_kept: bool,
    },
}

impl Wal {
    /// The server's settings.
    pub(crate) fn settings(&self) -> Vec<String> {
        match self {
            Self::Forgotten => Vec::new(),
            Self::Kept { archive } => kept(archive),
            Self::Replayed {
                archive,
                until,
                is_kept,
            } => {
                let mut settings = replayed(archive, *until);
                if *is_kept {
                    settings.extend(kept(archive));
                }
                settings
            }
        }
    }

    /// How long the server may take to open, if not as long as any.
    pub(crate) fn patience(&self) -> Option<Duration> {
        matches!(self, Self::Replayed { .. }).then_some(RECOVERY_PATIENCE)
    }
}

/// The archive of the server in `dir`: beside its data, where its user may write. It is there from the first backup on.
pub(crate) fn of(dir: &Path) -> Result<PathBuf, StackError> {
    Ok(place::choose(dir)?.home.join("archive"))
}

fn kept(archive: &Path) -> Vec<String> {
    let archive = quoted(archive);
    // By PostgreSQL's rules: never over another file, saying yes to the same one again, and on disk before it says so.
    let command = format!(
        "[ ! -d {archive} ] || if [ -e {archive}/%f{ENDING} ]; then gunzip -c {archive}/%f{ENDING} | cmp -s - %p; \
         else gzip -1 -n -c %p > {archive}/%f.part && sync {archive}/%f.part \
         && mv {archive}/%f.part {archive}/%f{ENDING} && sync {archive}; fi"
    );
    vec![
        "archive_mode=on".to_owned(),
        format!("archive_command={command}"),
    ]
}

fn replayed(archive: &Path, until: Option<DateTime<Utc>>) -> Vec<String> {
    let archive = quoted(archive);
    let mut settings = vec![
        format!(
            "restore_command=test -f {archive}/%f{ENDING} && gunzip -c {archive}/%f{ENDING} > %p"
        ),
        // The life that the backup was taken in, whatever the server has been restored to since.
        "recovery_target_timeline=current".to_owned(),
        "recovery_target_action=promote".to_owned(),
        // Whoever can connect sees the state that was asked for, and none before it.
        "hot_standby=off".to_owned(),
    ];
    if let Some(until) = until {
        let until = until.format("%Y-%m-%d %H:%M:%S%.6f");
        settings.push(format!("recovery_target_time={until}+00"));
    }
    settings
}

/// For a command of PostgreSQL's, which a shell reads after the server has replaced what begins with `%`.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    format!("'{}'", text.replace('%', "%%").replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_any_name_can_be_an_archive() {
        let quoted = quoted(Path::new("/home/o'neill/100% mine"));
        assert_eq!(quoted, r"'/home/o'\''neill/100%% mine'");
    }
}
