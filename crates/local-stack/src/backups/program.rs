//! Programs that copy, compare and clear away, and what is asked of whole folders.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::unistd::{User, chown};

use crate::error::StackError;
use crate::keeper::{self, DeathSignal};
use crate::programs;

/// Runs one of PostgreSQL's programs, or another one that every machine has, to its end.
pub(super) fn run(
    program: &'static str,
    arguments: impl FnOnce(&mut Command),
) -> Result<(), StackError> {
    let mut command = keeper::dying_with_parent(DeathSignal::Kill);
    command.arg("--").arg(programs::postgres(program)?);
    arguments(&mut command);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let output = keeper::spawn(command)
        .and_then(Child::wait_with_output)
        .map_err(StackError::io(format!("cannot run {program}")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(StackError::Helper {
        program,
        status: output.status.to_string(),
        output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

/// Makes a folder and all that is in it somebody else's.
pub(super) fn give_away(path: &Path, user: Option<&User>) -> Result<(), StackError> {
    let Some(user) = user else {
        return Ok(());
    };
    chown(path, Some(user.uid), Some(user.gid))
        .map_err(|errno| StackError::at("give away", path)(errno.into()))?;
    if !fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir()) {
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(StackError::at("read", path))? {
        let entry = entry.map_err(StackError::at("read", path))?;
        give_away(&entry.path(), Some(user))?;
    }
    Ok(())
}

/// How many bytes the files in a folder have.
pub(super) fn size(folder: &Path) -> Result<u64, StackError> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).map_err(StackError::at("read", folder))? {
        let path = entry.map_err(StackError::at("read", folder))?.path();
        let meta = match fs::symlink_metadata(&path) {
            // PostgreSQL renames what it archives while somebody counts.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            meta => meta.map_err(StackError::at("look at", &path))?,
        };
        bytes += if meta.is_dir() {
            size(&path)?
        } else {
            meta.len()
        };
    }
    Ok(bytes)
}
