//! A private PostgreSQL server.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::User;

use crate::archive::Wal;
use crate::error::StackError;
use crate::keeper::{self, DeathSignal};
use crate::process::Process;
use crate::{leftover, place, ports, probe, programs};

const SERVER: &str = "PostgreSQL";
/// Crash recovery after a kill may replay a lot.
const START_PATIENCE: Duration = Duration::from_secs(60);
/// Below the server's home, where its data is.
pub(crate) const DATA: &str = "data";
/// Restored data on its way to become [`DATA`].
pub(crate) const RESTORED: &str = "data.restored";

/// How to run a private PostgreSQL.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// Its directory; made if missing, its data is used again if there.
    pub dir: PathBuf,
    /// The port on 127.0.0.1; `None` takes the one remembered in `dir`, or a free one.
    pub port: Option<u16>,
    /// Whether commits survive a crash of the machine. Tests say no and run much faster.
    pub durable: bool,
}

/// A running private PostgreSQL. Dropping it stops the server at once, without a checkpoint.
pub struct Postgres {
    process: Process,
    options: PostgresOptions,
    wal: Wal,
    port: u16,
}

impl Postgres {
    /// Starts the server and returns once it takes connections. The first start in a directory
    /// makes the cluster.
    ///
    /// # Errors
    /// PostgreSQL is not installed, the wanted port is taken, or the server does not come up.
    pub fn start(options: PostgresOptions) -> Result<Self, StackError> {
        Self::start_with(options, Wal::Forgotten)
    }

    /// The same, of a server whose write-ahead log is kept from its first backup on
    /// ([`Backups`](crate::Backups)). Until then that costs nothing.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_archiving(options: PostgresOptions) -> Result<Self, StackError> {
        let archive = crate::archive::of(&options.dir)?;
        Self::start_with(options, Wal::Kept { archive })
    }

    pub(crate) fn start_with(options: PostgresOptions, wal: Wal) -> Result<Self, StackError> {
        let place = place::choose(&options.dir)?;
        let pid_file = options.dir.join("postgres.pid");
        leftover::end(&pid_file, Signal::SIGQUIT)?;
        let data = place.home.join(DATA);
        finish_replacing(&place.home, &data)?;
        if !data.join("PG_VERSION").is_file() {
            make_cluster(&place.home, &data, place.user.as_ref(), options.durable)?;
        }
        write_access_rules(&data, options.durable)?;
        // With the old server gone, its own pid file only names a process that means nothing; if
        // that number has been reused meanwhile, PostgreSQL would refuse to start.
        leftover::remove_if_there(&data.join("postmaster.pid"))?;
        let port = ports::pick(&options.dir, SERVER, "postgres", options.port)?;
        let process = run(&options, &wal, &data, place.user.as_ref(), port)?;
        Ok(Self {
            process,
            options,
            wal,
            port,
        })
    }

    /// The administrator's URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Whether the server's process is still there.
    pub fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// Stops the server: connections are closed, a checkpoint is written.
    pub fn stop(mut self) {
        self.process.end(Signal::SIGINT);
    }

    /// Crashes the server: it ends at once and recovers at the next start.
    pub fn kill(&mut self) {
        self.process.crash();
    }

    /// Stops the server in its tracks, with every connection it serves: nothing is closed and
    /// nothing is answered until [`resume`](Self::resume).
    pub fn pause(&mut self) {
        // The postmaster first, so that it makes no new backend meanwhile.
        self.process.signal(Signal::SIGSTOP);
        self.process.signal_children(Signal::SIGSTOP);
    }

    /// Lets a paused server go on where it was.
    pub fn resume(&mut self) {
        self.process.signal_children(Signal::SIGCONT);
        self.process.signal(Signal::SIGCONT);
    }

    /// Starts the server again, after a [`kill`](Self::kill) or instead of one, on the same
    /// directory and port.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn restart(&mut self) -> Result<(), StackError> {
        self.process.end(Signal::SIGINT);
        let options = PostgresOptions {
            port: Some(self.port),
            ..self.options.clone()
        };
        let place = place::choose(&options.dir)?;
        self.process = run(
            &options,
            &self.wal,
            &place.home.join(DATA),
            place.user.as_ref(),
            self.port,
        )?;
        Ok(())
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres")
            .field("port", &self.port)
            .field("pid", &self.pid())
            .finish()
    }
}

fn run(
    options: &PostgresOptions,
    wal: &Wal,
    data: &Path,
    user: Option<&User>,
    port: u16,
) -> Result<Process, StackError> {
    let signal = if options.durable {
        DeathSignal::Int
    } else {
        DeathSignal::Quit
    };
    let mut command = keeper::dying_with_parent(signal);
    become_user(&mut command, user);
    command
        .arg("--")
        .arg(programs::postgres("postgres")?)
        .arg("-D")
        .arg(data);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .env("HOME", data);
    let settings = settings(port, options.durable);
    for setting in settings.into_iter().chain(wal.settings()) {
        command.arg("-c").arg(setting);
    }
    let mut process = Process::spawn(SERVER, Signal::SIGQUIT, &options.dir, "postgres", command)?;
    let patience = wal.patience().unwrap_or(START_PATIENCE);
    process.wait_until(patience, || probe::postgres(port))?;
    Ok(process)
}

fn settings(port: u16, durable: bool) -> Vec<String> {
    let mut settings = vec![
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        // TCP only: a socket path under a deep work tree may pass the kernel's 107 bytes.
        "unix_socket_directories=".to_owned(),
        "shared_buffers=256MB".to_owned(),
        "max_connections=300".to_owned(),
        // Plans here are short; compiling them costs more than it saves.
        "jit=off".to_owned(),
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
    ];
    if !durable {
        let unsafe_but_fast = [
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
        ];
        settings.extend(unsafe_but_fast.map(str::to_owned));
    }
    settings
}

fn make_cluster(
    home: &Path,
    data: &Path,
    user: Option<&User>,
    durable: bool,
) -> Result<(), StackError> {
    // Made aside and renamed: a cluster whose making was interrupted is never taken for one.
    let unfinished = home.join("data.new");
    for stale in [&unfinished, &data.to_path_buf()] {
        if stale.exists() {
            fs::remove_dir_all(stale).map_err(StackError::at("remove", stale))?;
        }
    }
    place::private_dir(&unfinished, user)?;
    let mut command = keeper::dying_with_parent(DeathSignal::Kill);
    become_user(&mut command, user);
    command
        .arg("--")
        .arg(programs::postgres("initdb")?)
        .arg("-D")
        .arg(&unfinished);
    command.args([
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
    ]);
    if !durable {
        command.arg("--no-sync");
    }
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LANG", "C.UTF-8");
    command.env("HOME", &unfinished).current_dir("/");
    command.stdin(std::process::Stdio::null());
    command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let output = keeper::spawn(command)
        .and_then(std::process::Child::wait_with_output)
        .map_err(StackError::io("cannot run initdb"))?;
    if !output.status.success() {
        return Err(StackError::Helper {
            program: "initdb",
            status: output.status.to_string(),
            output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        });
    }
    fs::rename(&unfinished, data).map_err(StackError::at("rename", &unfinished))
}

/// Restored data takes its place in two steps ([`Backups::replace`](crate::Backups::replace)). Where the second is missing, the
/// place is empty, and must not be taken for that of a server that was never started.
fn finish_replacing(home: &Path, data: &Path) -> Result<(), StackError> {
    let restored = home.join(RESTORED);
    if data.exists() || !restored.exists() {
        return Ok(());
    }
    fs::rename(&restored, data).map_err(StackError::at("rename", &restored))
}

/// The administrator needs no password on a private port, also to copy the whole server. The services' roles do under
/// `agape up`, so that a wrong password shows there and not first in production.
fn write_access_rules(data: &Path, durable: bool) -> Result<(), StackError> {
    let others = if durable { "scram-sha-256" } else { "trust" };
    let rules = format!(
        "host all,replication postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 {others}\n"
    );
    let file = data.join("pg_hba.conf");
    // With each start, so that a server that was made by an earlier version has them too.
    fs::write(&file, rules).map_err(StackError::at("write", &file))
}

pub(crate) fn become_user(command: &mut Command, user: Option<&User>) {
    if let Some(user) = user {
        command
            .arg(format!("--reuid={}", user.uid))
            .arg(format!("--regid={}", user.gid));
        command.arg("--clear-groups");
    }
}
