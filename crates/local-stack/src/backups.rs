//! Base backups of a private PostgreSQL, and copies of it as it was at a moment.
//!
//! A backup is a folder named after the moment from which on it can be restored to. The write-ahead log that leads on from there
//! is in the server's archive, which the first backup makes. A server that took the place of another goes on in the same archive,
//! on a timeline of its own, so nothing that was kept before is lost by it.

mod program;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, SubsecRound as _, TimeDelta, Utc};
use nix::sys::signal::Signal;

use self::program::{give_away, run, size};
use crate::archive::{self, ENDING, Wal};
use crate::error::StackError;
use crate::postgres::{DATA, RESTORED};
use crate::{Postgres, PostgresOptions, leftover, place};

/// A backup that is being taken.
const UNFINISHED: &str = "unfinished";
const POLL: Duration = Duration::from_millis(50);
/// PostgreSQL pauses for a minute after its third attempt to archive a segment.
const ARCHIVE_PATIENCE: Duration = Duration::from_secs(90);
/// What PostgreSQL says when the log does not lead to the wanted moment.
const TOO_LATE: &str = "recovery ended before configured recovery target was reached";
/// And up to where it does.
const LAST: &str = "last completed transaction was at log time ";

/// The backups of one server.
#[derive(Debug, Clone)]
pub struct Backups {
    server: PathBuf,
    archive: PathBuf,
    folder: PathBuf,
}

/// A base backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The moment from which on it can be restored to.
    pub from: DateTime<Utc>,
    /// Its folder.
    pub path: PathBuf,
}

impl Backup {
    /// How many bytes it has.
    ///
    /// # Errors
    /// Its folder cannot be read.
    pub fn size(&self) -> Result<u64, StackError> {
        size(&self.path)
    }
}

/// A running copy of a server as it was. Dropping it ends it and leaves its folder.
#[derive(Debug)]
pub struct Restored {
    /// The copy.
    pub server: Postgres,
    dir: PathBuf,
}

impl Backups {
    /// Those in `folder`, of the server that lives in `server`.
    ///
    /// # Errors
    /// There is no place for a server at `server`.
    pub fn of(server: &Path, folder: &Path) -> Result<Self, StackError> {
        Ok(Self {
            server: server.to_path_buf(),
            archive: archive::of(server)?,
            folder: folder.to_path_buf(),
        })
    }

    /// Where the write-ahead log is kept. Without that folder, none is.
    #[must_use]
    pub fn archive(&self) -> &Path {
        &self.archive
    }

    /// How many bytes of the write-ahead log are kept.
    ///
    /// # Errors
    /// The archive cannot be read.
    pub fn archive_size(&self) -> Result<u64, StackError> {
        size(&self.archive)
    }

    /// All there are, the oldest first.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn list(&self) -> Result<Vec<Backup>, StackError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(StackError::at("read", &self.folder))?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(StackError::at("read", &self.folder))?;
            let name = entry.file_name();
            let from = name
                .to_str()
                .and_then(|name| DateTime::parse_from_rfc3339(name).ok());
            if let Some(from) = from {
                let (from, path) = (from.to_utc(), entry.path());
                found.push(Backup { from, path });
            }
        }
        found.sort_unstable_by_key(|backup| backup.from);
        Ok(found)
    }

    /// Has the server's write-ahead log kept from now on.
    ///
    /// # Errors
    /// The archive cannot be made.
    pub fn begin(&self) -> Result<(), StackError> {
        let place = place::choose(&self.server)?;
        place::private_dir(&self.archive, place.user.as_ref())?;
        place::private_dir(&self.folder, None)
    }

    /// Copies the running server at an administrator's URL and looks whether each byte arrived. The copy counts as a backup once it is
    /// [finished](Self::finish).
    ///
    /// # Errors
    /// The server does not answer, or what was copied is not what it sent.
    pub fn copy(&self, server: &str) -> Result<(), StackError> {
        let unfinished = self.folder.join(UNFINISHED);
        remove(&unfinished)?;
        run("pg_basebackup", |command| {
            command.args(["--format=plain", "--wal-method=stream", "--checkpoint=fast"]);
            command.args(["--no-password", "--dbname", server, "--pgdata"]);
            command.arg(&unfinished);
        })?;
        verify(&unfinished)
    }

    /// Makes a backup of what was copied, by the server's time `now`. It can be restored to any moment from the next full second
    /// on, which it is named after.
    ///
    /// # Errors
    /// It cannot be renamed; there may be one of that second.
    pub fn finish(&self, now: DateTime<Utc>) -> Result<Backup, StackError> {
        let from = now.trunc_subsecs(0) + TimeDelta::seconds(1);
        let name = from.to_rfc3339_opts(SecondsFormat::Secs, true);
        let path = self.folder.join(name);
        fs::rename(self.folder.join(UNFINISHED), &path)
            .map_err(StackError::at("finish the backup", &path))?;
        sync(&self.folder)?;
        Ok(Backup { from, path })
    }

    /// Waits until a segment of the write-ahead log is in the archive.
    ///
    /// # Errors
    /// PostgreSQL does not bring it there; its log says why.
    pub fn wait_for(&self, segment: &str) -> Result<(), StackError> {
        let file = self.archive.join(format!("{segment}{ENDING}"));
        let until = Instant::now() + ARCHIVE_PATIENCE;
        while !file.exists() {
            if Instant::now() >= until {
                return Err(StackError::NotArchived {
                    segment: segment.to_owned(),
                    log: self.server.join("postgres.log"),
                });
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Removes all but the newest backups, and what no backup that is left needs of the write-ahead log. Answers which went.
    ///
    /// # Errors
    /// Something cannot be removed.
    pub fn prune(&self, keep: usize) -> Result<Vec<Backup>, StackError> {
        let mut gone = self.list()?;
        let kept = gone.split_off(gone.len().saturating_sub(keep));
        for backup in &gone {
            remove(&backup.path)?;
        }
        let mut first = Vec::new();
        for backup in &kept {
            first.push(first_segment(&backup.path)?);
        }
        // Of different timelines, the one that begins earlier: where, not when.
        let oldest = first.iter().min_by_key(|segment| segment.get(8..));
        if let Some(oldest) = oldest {
            run("pg_archivecleanup", |command| {
                command.arg("-x").arg(ENDING).arg(&self.archive).arg(oldest);
            })?;
        }
        Ok(gone)
    }

    /// Makes a second server in `dir`, from a backup and the write-ahead log up to `until` or to its end, and returns once it is
    /// open. One that is to take the place of the first one is `for_good`: it survives a crash of the machine, and its log is kept.
    ///
    /// # Errors
    /// The backup is damaged, the log ends before that moment ([`StackError::TooLate`]), or the server does not come up.
    pub fn restore(
        &self,
        backup: &Backup,
        until: Option<DateTime<Utc>>,
        dir: &Path,
        for_good: bool,
    ) -> Result<Restored, StackError> {
        verify(&backup.path)?;
        discard(dir)?;
        let place = place::choose(dir)?;
        let data = place.home.join(DATA);
        run("cp", |command| {
            command.args([
                "--recursive",
                "--preserve=mode,timestamps",
                "--reflink=auto",
            ]);
            command.arg(&backup.path).arg(&data);
        })?;
        let signal = data.join("recovery.signal");
        fs::write(&signal, "").map_err(StackError::at("write", &signal))?;
        give_away(&data, place.user.as_ref())?;
        let options = PostgresOptions {
            dir: dir.to_path_buf(),
            port: None,
            durable: for_good,
        };
        let wal = Wal::Replayed {
            archive: self.archive.clone(),
            until,
            is_kept: for_good,
        };
        let server = Postgres::start_with(options, wal).map_err(too_late)?;
        let dir = dir.to_path_buf();
        Ok(Restored { server, dir })
    }

    /// Puts a copy in the place of the server, which must not be running. Its data is kept beside it; answers where.
    ///
    /// # Errors
    /// Something cannot be renamed; then the server is still what it was, or becomes the copy at its next start.
    pub fn replace(&self, copy: Restored, now: DateTime<Utc>) -> Result<PathBuf, StackError> {
        copy.server.stop();
        let from = place::choose(&copy.dir)?.home.join(DATA);
        let home = place::choose(&self.server)?.home;
        let rename = |from: &Path, to: &Path| {
            fs::rename(from, to).map_err(StackError::at("rename", from))?;
            sync(&home)
        };
        let (data, restored) = (home.join(DATA), home.join(RESTORED));
        let name = now.to_rfc3339_opts(SecondsFormat::Secs, true);
        let aside = home.join(format!("data.until-{name}"));
        remove(&restored)?;
        rename(&from, &restored)?;
        if data.exists() {
            rename(&data, &aside)?;
        }
        rename(&restored, &data)?;
        discard(&copy.dir)?;
        Ok(aside)
    }
}

impl Restored {
    /// Stops the copy and removes it.
    ///
    /// # Errors
    /// Its folder cannot be removed.
    pub fn discard(self) -> Result<(), StackError> {
        drop(self.server);
        discard(&self.dir)
    }
}

/// Compares every file with the manifest that was written when the backup was taken.
fn verify(backup: &Path) -> Result<(), StackError> {
    run("pg_verifybackup", |command| {
        command.arg("--quiet").arg(backup);
    })
}

/// The first segment of the write-ahead log that a backup needs.
fn first_segment(backup: &Path) -> Result<String, StackError> {
    let label = backup.join("backup_label");
    let text = fs::read_to_string(&label).map_err(StackError::at("read", &label))?;
    // START WAL LOCATION: 0/9000028 (file 000000010000000000000009)
    let segment = text
        .lines()
        .find_map(|line| line.strip_prefix("START WAL LOCATION:"))
        .and_then(|line| line.split_once("(file ")?.1.strip_suffix(')'));
    let malformed = || StackError::at("understand", &label)(ErrorKind::InvalidData.into());
    segment.map(str::to_owned).ok_or_else(malformed)
}

fn too_late(error: StackError) -> StackError {
    match error {
        StackError::Ended { log, .. } if has(&log, TOO_LATE) => StackError::TooLate {
            last: last_transaction(&log),
        },
        other => other,
    }
}

fn has(log: &Path, text: &str) -> bool {
    fs::read_to_string(log).is_ok_and(|log| log.contains(text))
}

fn last_transaction(log: &Path) -> Option<String> {
    let log = fs::read_to_string(log).ok()?;
    let (_, last) = log.rsplit_once(LAST)?;
    Some(last.lines().next()?.to_owned())
}

/// Ends what an earlier call left running in a copy's folder, and removes it.
fn discard(dir: &Path) -> Result<(), StackError> {
    leftover::end(&dir.join("postgres.pid"), Signal::SIGQUIT)?;
    if let Ok(home) = fs::read_link(dir.join("data-home")) {
        remove(&home)?;
    }
    remove(dir)
}

fn remove(dir: &Path) -> Result<(), StackError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(StackError::at("remove", dir)(error))
        }
        _ => Ok(()),
    }
}

fn sync(dir: &Path) -> Result<(), StackError> {
    let synced = fs::File::open(dir).and_then(|dir| dir.sync_all());
    synced.map_err(StackError::at("write", dir))
}
