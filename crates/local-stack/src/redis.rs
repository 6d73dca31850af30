//! A private Redis server.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::error::StackError;
use crate::keeper::{self, DeathSignal};
use crate::process::Process;
use crate::{leftover, ports, probe, programs};

const SERVER: &str = "Redis";
const START_PATIENCE: Duration = Duration::from_secs(10);

/// How to run a private Redis.
#[derive(Debug, Clone)]
pub struct RedisOptions {
    /// Its directory; made if missing.
    pub dir: PathBuf,
    /// The port on 127.0.0.1; `None` takes the one remembered in `dir`, or a free one.
    pub port: Option<u16>,
}

/// A running private Redis. It keeps nothing on disk: no invariant may rest on what Redis holds.
/// Dropping it kills the server.
pub struct Redis {
    process: Process,
    options: RedisOptions,
    port: u16,
}

impl Redis {
    /// Starts the server and returns once it answers.
    ///
    /// # Errors
    /// Redis is not installed, the wanted port is taken, or the server does not come up.
    pub fn start(options: RedisOptions) -> Result<Self, StackError> {
        fs::create_dir_all(&options.dir).map_err(StackError::at("create", &options.dir))?;
        leftover::end(&options.dir.join("redis.pid"), Signal::SIGKILL)?;
        let port = ports::pick(&options.dir, SERVER, "redis", options.port)?;
        let process = run(&options, port)?;
        Ok(Self {
            process,
            options,
            port,
        })
    }

    /// The server's URL, database 0.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
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

    /// Stops the server.
    pub fn stop(mut self) {
        self.process.end(Signal::SIGTERM);
    }

    /// Crashes the server; everything in it is lost.
    pub fn kill(&mut self) {
        self.process.crash();
    }

    /// Starts an empty server on the same port.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn restart(&mut self) -> Result<(), StackError> {
        self.process.end(Signal::SIGTERM);
        self.process = run(&self.options, self.port)?;
        Ok(())
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("port", &self.port)
            .field("pid", &self.pid())
            .finish()
    }
}

fn run(options: &RedisOptions, port: u16) -> Result<Process, StackError> {
    let dir = fs::canonicalize(&options.dir).map_err(StackError::at("find", &options.dir))?;
    let mut command = keeper::dying_with_parent(DeathSignal::Kill);
    command.arg("--").arg(programs::redis()?);
    command.args([
        "--port",
        &port.to_string(),
        "--bind",
        "127.0.0.1",
        "--daemonize",
        "no",
    ]);
    command.args(["--save", "", "--appendonly", "no", "--loglevel", "warning"]);
    command.arg("--dir").arg(&dir);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LANG", "C.UTF-8");
    let mut process = Process::spawn(SERVER, Signal::SIGKILL, &dir, "redis", command)?;
    process.wait_until(START_PATIENCE, || probe::redis(port))?;
    Ok(process)
}
