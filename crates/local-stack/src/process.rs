//! One running server process: its log, its pid file, and how it ends.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use std::os::unix::process::CommandExt;

use nix::sys::signal::Signal;

use crate::error::StackError;
use crate::{keeper, leftover};

const POLL: Duration = Duration::from_millis(15);
const LOG_LIMIT_BYTES: u64 = 50 * 1024 * 1024;
const LOG_TAIL_LINES: usize = 15;

/// How long a server may take to end after a signal before it is killed.
const STOP_PATIENCE: Duration = Duration::from_secs(20);

/// Ends with `crash` when dropped.
pub(crate) struct Process {
    server: &'static str,
    crash: Signal,
    child: Child,
    pid_file: PathBuf,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with its output in `<dir>/<name>.log` and its pid in `<dir>/<name>.pid`.
    pub(crate) fn spawn(
        server: &'static str,
        crash: Signal,
        dir: &Path,
        name: &str,
        mut command: Command,
    ) -> Result<Self, StackError> {
        let log = dir.join(format!("{name}.log"));
        let out = open_log(&log)?;
        let err = out.try_clone().map_err(StackError::at("open", &log))?;
        command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .current_dir("/")
            // A group of its own: the terminal's Ctrl-C must not stop servers before their users.
            .process_group(0);
        let child =
            keeper::spawn(command).map_err(StackError::io(format!("cannot start {server}")))?;
        let pid_file = dir.join(format!("{name}.pid"));
        leftover::note(&pid_file, child.id())?;
        Ok(Self {
            server,
            crash,
            child,
            pid_file,
            log,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `ready` says yes.
    pub(crate) fn wait_until(
        &mut self,
        patience: Duration,
        ready: impl Fn() -> bool,
    ) -> Result<(), StackError> {
        let until = Instant::now() + patience;
        loop {
            if ready() {
                return Ok(());
            }
            if let Some(status) = self.exited() {
                return Err(StackError::Ended {
                    server: self.server,
                    status: status.to_string(),
                    log: self.log.clone(),
                    tail: tail(&self.log),
                });
            }
            if Instant::now() >= until {
                return Err(StackError::Silent {
                    server: self.server,
                    seconds: patience.as_secs(),
                    log: self.log.clone(),
                    tail: tail(&self.log),
                });
            }
            thread::sleep(POLL);
        }
    }

    /// Sends a signal to the server's own process.
    pub(crate) fn signal(&self, signal: Signal) {
        leftover::send(self.pid(), signal);
    }

    /// Sends a signal to the processes that the server has made.
    pub(crate) fn signal_children(&self, signal: Signal) {
        for pid in leftover::children(self.pid()) {
            leftover::send(pid, signal);
        }
    }

    /// Ends the server as a crash would.
    pub(crate) fn crash(&mut self) {
        self.end(self.crash);
    }

    /// Sends `signal`, waits for the end, and kills what does not end in time.
    pub(crate) fn end(&mut self, signal: Signal) {
        if self.exited().is_none() {
            self.signal(signal);
            // A paused server reads no signal but SIGKILL, and its paused children none from it.
            self.signal_children(Signal::SIGCONT);
            self.signal(Signal::SIGCONT);
            let until = Instant::now() + STOP_PATIENCE;
            while self.exited().is_none() {
                if Instant::now() >= until {
                    leftover::send(self.pid(), Signal::SIGKILL);
                    drop(self.child.wait());
                    break;
                }
                thread::sleep(POLL);
            }
        }
        leftover::forget(&self.pid_file, self.pid());
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.exited().is_none()
    }

    fn exited(&mut self) -> Option<ExitStatus> {
        // An error means that the child was reaped elsewhere, which this crate never does.
        self.child.try_wait().ok().flatten()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.crash();
    }
}

/// Opens a log for appending; one that grew too big in earlier runs begins anew.
fn open_log(path: &Path) -> Result<File, StackError> {
    if fs::metadata(path).is_ok_and(|meta| meta.len() > LOG_LIMIT_BYTES) {
        let old = path.with_extension("log.1");
        fs::rename(path, &old).map_err(StackError::at("rotate", path))?;
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(StackError::at("open", path))
}

fn tail(path: &Path) -> String {
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().rev().take(LOG_TAIL_LINES).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
