//! One process of a service.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use command_fds::{CommandFdExt, FdMapping};
use local_stack::keeper::DeathSignal;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::net::UnixDatagram;
use tokio::process::{Child, Command};

use super::Program;

/// The first descriptor of the systemd socket protocol; the API is there, operations after it.
const FIRST_DESCRIPTOR: i32 = 3;

/// How long a service may finish requests after SIGTERM before it is killed. A little more than
/// the 25 s that services give themselves.
const DRAIN: Duration = Duration::from_secs(27);

#[derive(Debug)]
pub(super) struct Instance {
    child: Child,
    notifications: UnixDatagram,
    notify_path: PathBuf,
    started: Instant,
    is_ready: bool,
}

/// What a process can do by itself.
pub(super) enum Change {
    /// It said that it is ready.
    Ready,
    /// It ended, in this way.
    Ended(String),
}

impl Instance {
    /// Starts the program with its sockets at descriptors 3 and 4.
    pub(super) fn start(program: &Program, sockets_dir: &Path) -> io::Result<Self> {
        let notify_path = notify_path(program.name, sockets_dir);
        let notifications = UnixDatagram::bind(&notify_path)?;
        let log = open_log(&program.log)?;
        // Killed together with the supervisor: its databases die then, too, so there is nothing
        // left that it could finish. This runs on the runtime's only thread, which is the main
        // one, so the signal cannot come early.
        let mut command = Command::from(local_stack::keeper::dying_with_parent(DeathSignal::Kill));
        command.arg("--").args(&program.command);
        command.envs(
            program
                .environment
                .iter()
                .map(|(name, value)| (name, value)),
        );
        command.env("NOTIFY_SOCKET", &notify_path);
        command.env("LISTEN_FDS", "2").env_remove("LISTEN_PID");
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        // A group of its own: the terminal's Ctrl-C is for the supervisor, which stops in order.
        command.process_group(0).kill_on_drop(true);
        let mappings = program
            .sockets
            .for_child()?
            .into_iter()
            .zip(FIRST_DESCRIPTOR..);
        let mappings = mappings.map(|(parent_fd, child_fd)| FdMapping {
            parent_fd,
            child_fd,
        });
        command
            .fd_mappings(mappings.collect())
            .map_err(io::Error::other)?;
        let child = command.spawn()?;
        Ok(Self {
            child,
            notifications,
            notify_path,
            started: Instant::now(),
            is_ready: false,
        })
    }

    /// How long ago it was started.
    pub(super) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Whether it has said that it is ready.
    pub(super) fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// Waits for the process to become ready, or, once it is, to end.
    pub(super) async fn next_change(&mut self) -> Change {
        let Self {
            child,
            notifications,
            is_ready,
            ..
        } = self;
        tokio::select! {
            ended = child.wait() => Change::Ended(match ended {
                Ok(status) => describe(status),
                Err(error) => format!("its end could not be read: {error}"),
            }),
            () = heard_ready(notifications), if !*is_ready => {
                *is_ready = true;
                Change::Ready
            }
        }
    }

    /// Asks the process to finish what it holds, and kills it if it does not end in time.
    pub(super) async fn drain(mut self) {
        self.signal(Signal::SIGTERM);
        if tokio::time::timeout(DRAIN, self.child.wait())
            .await
            .is_err()
        {
            self.signal(Signal::SIGKILL);
            drop(self.child.wait().await);
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) {
            // ESRCH means that it ended meanwhile.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.notify_path));
    }
}

async fn heard_ready(notifications: &UnixDatagram) {
    let mut buffer = [0; 1024];
    loop {
        let Ok(length) = notifications.recv(&mut buffer).await else {
            // The socket is ours and stays open. Should it fail nevertheless, the patience of the
            // caller or the end of the process decides.
            return std::future::pending().await;
        };
        let message = buffer.get(..length).unwrap_or_default();
        if message
            .split(|byte| *byte == b'\n')
            .any(|line| line == b"READY=1")
        {
            return;
        }
    }
}

/// A path of its own for each process, so that an old one cannot speak for a new one.
fn notify_path(service: &str, sockets_dir: &Path) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    sockets_dir.join(format!("{service}-{}-{count}.sock", std::process::id()))
}

fn open_log(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}
