//! Throw-away directories for servers that live as long as one test binary.
//!
//! A test binary keeps its servers in statics, which are never dropped, and it may be killed. So
//! a directory is named after its maker, and whoever makes the next one removes those whose maker
//! is gone.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::StackError;
use crate::{leftover, place};

const PREFIX: &str = "agape-scratch-";

/// A directory that PostgreSQL's user can reach, removed when dropped or, if this process dies
/// first, when another process makes one.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes an empty directory and removes those of processes that ended.
    ///
    /// # Errors
    /// The directory cannot be made.
    pub fn new() -> Result<Self, StackError> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let parent = parent();
        sweep(&parent);
        let pid = process::id();
        let started = leftover::start_time(pid).unwrap_or_default();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("{PREFIX}{pid}-{started}-{count}"));
        fs::DirBuilder::new()
            .mode(0o711)
            .create(&path)
            .map_err(StackError::at("create", &path))?;
        Ok(Self { path })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next sweep.
        drop(fs::remove_dir_all(&self.path));
    }
}

fn parent() -> PathBuf {
    let usual = std::env::temp_dir();
    if place::walkable(&usual) {
        usual
    } else {
        PathBuf::from("/tmp")
    }
}

fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(is_abandoned) {
            // Another user's directory cannot be removed, and a race with another sweep is fine.
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

fn is_abandoned(name: &str) -> bool {
    let maker = || {
        let mut parts = name.strip_prefix(PREFIX)?.split('-');
        Some((
            parts.next()?.parse().ok()?,
            parts.next()?.parse::<u64>().ok()?,
        ))
    };
    maker().is_some_and(|(pid, started)| leftover::start_time(pid) != Some(started))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_kept_while_its_maker_runs() {
        let mine = Scratch::new().unwrap();
        let name = mine
            .path()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        assert!(!is_abandoned(&name));
        sweep(&parent());
        assert!(mine.path().is_dir());
    }

    #[test]
    fn a_directory_of_an_ended_process_is_removed() {
        let abandoned = parent().join(format!("{PREFIX}{}-1-0", process::id()));
        fs::create_dir_all(&abandoned).unwrap();
        drop(Scratch::new().unwrap());
        assert!(!abandoned.exists());
    }

    #[test]
    fn other_directories_are_left_alone() {
        assert!(!is_abandoned("somebody-else"));
        assert!(!is_abandoned("agape-scratch-x"));
    }
}
