//! One `agape up` per work tree, and one at a time who deals with its backups.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use anyhow::{Context, Result};

use crate::tree::Tree;

/// A lock, held until dropped.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

/// Who has the lock.
#[derive(Debug)]
pub enum Locked {
    /// This process, now.
    ByUs(RunLock),
    /// The process with this id, as far as it said so.
    ByOther(Option<u32>),
}

/// Takes the lock if it is free.
///
/// # Errors
/// The lock file cannot be opened.
pub fn try_lock(tree: &Tree) -> Result<Locked> {
    try_lock_file(&tree.run_lock())
}

/// The same of another lock than the tree's run lock.
///
/// # Errors
/// The lock file cannot be opened.
pub fn try_lock_file(path: &Path) -> Result<Locked> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())?;
            Ok(Locked::ByUs(RunLock { _file: file }))
        }
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            file.read_to_string(&mut text)?;
            Ok(Locked::ByOther(text.trim().parse().ok()))
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}
