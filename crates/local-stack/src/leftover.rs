//! Servers that an earlier run left behind.
//!
//! A pid alone is not proof: after a while it may belong to another program. So the pid file also
//! holds the process's start time, which the kernel never gives twice to the same pid.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::error::StackError;

const POLL: Duration = Duration::from_millis(20);

/// How long a leftover may finish by itself: its parent may have died a moment ago.
const GRACE: Duration = Duration::from_secs(3);

/// Notes which process serves from this directory.
///
/// # Errors
/// The file cannot be written.
pub fn note(pid_file: &Path, pid: u32) -> Result<(), StackError> {
    let started = start_time(pid).unwrap_or_default();
    fs::write(pid_file, format!("{pid} {started}\n")).map_err(StackError::at("write", pid_file))
}

/// Says which process is still running from an earlier [`note`], if it is.
#[must_use]
pub fn running(pid_file: &Path) -> Option<u32> {
    let text = fs::read_to_string(pid_file).ok()?;
    let (pid, started) = text.trim().split_once(' ')?;
    let pid = pid.parse().ok()?;
    (start_time(pid)? == started.parse::<u64>().ok()?).then_some(pid)
}

/// Removes the note of a process that ended. Its successor may have written one of its own by then, which stays.
pub(crate) fn forget(pid_file: &Path, pid: u32) {
    let noted = fs::read_to_string(pid_file).unwrap_or_default();
    let noted = noted.split_once(' ').map(|(noted, _)| noted.parse());
    if noted == Some(Ok(pid)) {
        drop(fs::remove_file(pid_file));
    }
}

/// Ends the process noted in `pid_file`, if it still runs, and removes the file.
///
/// # Errors
/// The file cannot be removed.
pub fn end(pid_file: &Path, signal: Signal) -> Result<(), StackError> {
    if let Some(pid) = running(pid_file)
        && !gone_within(pid_file, GRACE)
    {
        send(pid, signal);
        if !gone_within(pid_file, GRACE) {
            send(pid, Signal::SIGKILL);
            gone_within(pid_file, GRACE);
        }
    }
    remove_if_there(pid_file)
}

/// Sends a signal; a process that is already gone is fine.
pub(crate) fn send(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        // ESRCH means that it ended meanwhile, which is what the caller wants.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

pub(crate) fn remove_if_there(path: &Path) -> Result<(), StackError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StackError::at("remove", path)(error))
        }
        _ => Ok(()),
    }
}

fn gone_within(pid_file: &Path, patience: Duration) -> bool {
    let until = Instant::now() + patience;
    while running(pid_file).is_some() {
        if Instant::now() >= until {
            return false;
        }
        thread::sleep(POLL);
    }
    true
}

/// The start time of a process in clock ticks since boot; `None` if it ended (a zombie has).
pub(crate) fn start_time(pid: u32) -> Option<u64> {
    let fields = stat_fields(pid)?;
    let mut fields = fields.split_whitespace();
    if matches!(fields.next(), Some("Z" | "X")) {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// The processes whose parent is `pid`.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    let parent = pid.to_string();
    let is_child = |candidate: &u32| {
        stat_fields(*candidate).is_some_and(|fields| {
            let second = fields.split_whitespace().nth(1);
            second == Some(parent.as_str())
        })
    };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(is_child)
        .collect()
}

/// What `/proc/<pid>/stat` says after the command name: state, parent, and so on.
fn stat_fields(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command name may hold spaces and brackets; the fields are counted after its last one.
    let (_, fields) = stat.rsplit_once(')')?;
    Some(fields.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found_by_pid_and_start_time() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pid");
        note(&file, std::process::id()).unwrap();
        assert_eq!(running(&file), Some(std::process::id()));
    }

    #[test]
    fn a_pid_that_now_belongs_to_another_process_is_not_ours() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pid");
        fs::write(&file, format!("{} 1\n", std::process::id())).unwrap();
        assert_eq!(running(&file), None);
    }

    #[test]
    fn an_unreadable_note_means_nothing_runs() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pid");
        fs::write(&file, "nonsense").unwrap();
        assert_eq!(running(&file), None);
        end(&file, Signal::SIGKILL).unwrap();
        assert!(!file.exists());
    }
}
