//! A private RabbitMQ node with an Erlang port mapper of its own.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::error::StackError;
use crate::keeper::{self, DeathSignal};
use crate::process::Process;
use crate::{leftover, ports, probe, programs};

const SERVER: &str = "RabbitMQ";
/// The node takes about six seconds on an idle machine, and much longer beside a compiler.
const START_PATIENCE: Duration = Duration::from_secs(90);
const MAPPER_PATIENCE: Duration = Duration::from_secs(10);
/// After this many seconds `rabbitmqctl` gives up on a node that does not answer.
const CONTROL_PATIENCE_SECONDS: &str = "20";
/// This file is there once the node has answered.
const MADE: &str = "made";
/// Fixed, because the data directory is named after it and must survive a change of ports.
const NODE_NAME: &str = "agape@localhost";

/// How to run a private RabbitMQ.
#[derive(Debug, Clone)]
pub struct RabbitOptions {
    /// Its directory; made if missing, its queues are used again if there.
    pub dir: PathBuf,
    /// The AMQP port on 127.0.0.1; `None` takes the one remembered in `dir`, or a free one.
    pub port: Option<u16>,
}

/// A running private RabbitMQ. Dropping it kills the node.
pub struct RabbitMq {
    // Dropped in this order: the node before the port mapper that it is registered with.
    node: Process,
    mapper: Process,
    dir: PathBuf,
    ports: Ports,
}

#[derive(Clone, Copy)]
struct Ports {
    amqp: u16,
    mapper: u16,
    distribution: u16,
}

impl RabbitMq {
    /// Starts the node and returns once it speaks AMQP, after some seconds.
    ///
    /// # Errors
    /// RabbitMQ is not installed, the wanted port is taken, or the node does not come up.
    pub fn start(options: RabbitOptions) -> Result<Self, StackError> {
        let mut starting = Self::spawn(options)?;
        starting.wait_ready()?;
        Ok(starting)
    }

    /// Starts the node and returns at once; [`is_ready`](Self::is_ready) tells when it answers.
    ///
    /// # Errors
    /// RabbitMQ is not installed, or the wanted port is taken.
    pub fn spawn(options: RabbitOptions) -> Result<Self, StackError> {
        let RabbitOptions { dir, port } = options;
        fs::create_dir_all(&dir).map_err(StackError::at("create", &dir))?;
        let dir = fs::canonicalize(&dir).map_err(StackError::at("find", &dir))?;
        leftover::end(&dir.join("rabbitmq.pid"), Signal::SIGKILL)?;
        leftover::end(&dir.join("epmd.pid"), Signal::SIGKILL)?;
        let ports = Ports {
            amqp: ports::pick(&dir, SERVER, "amqp", port)?,
            mapper: ports::pick(&dir, SERVER, "epmd", None)?,
            distribution: ports::pick(&dir, SERVER, "distribution", None)?,
        };
        forget_half_made(&dir)?;
        write_configuration(&dir, ports.amqp)?;
        let mapper = run_mapper(&dir, ports)?;
        let node = run_node(&dir, ports)?;
        Ok(Self {
            node,
            mapper,
            dir,
            ports,
        })
    }

    /// Removes the queues of a node that does not run, and all that is in them; it starts as if for the first time.
    ///
    /// # Errors
    /// They cannot be removed.
    pub fn forget(dir: &Path) -> Result<(), StackError> {
        leftover::end(&dir.join("rabbitmq.pid"), Signal::SIGKILL)?;
        leftover::remove_if_there(&dir.join(MADE))?;
        forget_half_made(dir)
    }

    /// Whether the node speaks AMQP.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        probe::rabbitmq(self.ports.amqp) && note_made(&self.dir)
    }

    /// The broker's URL, for the default virtual host.
    #[must_use]
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.ports.amqp)
    }

    /// The AMQP port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.ports.amqp
    }

    /// The node's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.node.pid()
    }

    /// Whether the server's process is still there.
    pub fn is_running(&mut self) -> bool {
        self.node.is_running()
    }

    /// Stops the node, then its port mapper.
    pub fn stop(mut self) {
        self.node.end(Signal::SIGTERM);
        self.mapper.end(Signal::SIGKILL);
    }

    /// Crashes the node.
    pub fn kill(&mut self) {
        self.node.crash();
    }

    /// Stops the node in its tracks: connections stay open and nothing is answered until
    /// [`resume`](Self::resume).
    pub fn pause(&mut self) {
        self.node.signal(Signal::SIGSTOP);
    }

    /// Lets a paused node go on where it was.
    pub fn resume(&mut self) {
        self.node.signal(Signal::SIGCONT);
    }

    /// Runs `rabbitmqctl` on this node and returns what it printed; takes about a second.
    ///
    /// # Errors
    /// `rabbitmqctl` is not installed, the node does not answer, or it refuses the command.
    pub fn control(&self, arguments: &[&str]) -> Result<String, StackError> {
        control(&self.dir, self.ports.mapper, arguments)
    }

    /// The same on a node that another process runs in `dir`.
    ///
    /// # Errors
    /// No node was ever started there; else as [`control`](Self::control).
    pub fn control_at(dir: &Path, arguments: &[&str]) -> Result<String, StackError> {
        let dir = fs::canonicalize(dir).map_err(StackError::at("find", dir))?;
        control(&dir, ports::remembered(&dir, "epmd")?, arguments)
    }

    /// Starts the node again on the same directory and ports.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn restart(&mut self) -> Result<(), StackError> {
        self.node.end(Signal::SIGTERM);
        self.mapper.end(Signal::SIGKILL);
        self.mapper = run_mapper(&self.dir, self.ports)?;
        self.node = run_node(&self.dir, self.ports)?;
        self.wait_ready()
    }

    fn wait_ready(&mut self) -> Result<(), StackError> {
        let (port, dir) = (self.ports.amqp, &self.dir);
        self.node
            .wait_until(START_PATIENCE, || probe::rabbitmq(port) && note_made(dir))
    }
}

/// Runs `rabbitmqctl` on the node of `dir`.
fn control(dir: &Path, mapper: u16, arguments: &[&str]) -> Result<String, StackError> {
    let program = "rabbitmqctl";
    let mut command = keeper::dying_with_parent(DeathSignal::Kill);
    command.arg("--").arg(programs::rabbitmq(program)?);
    command.args(["--quiet", "--timeout", CONTROL_PATIENCE_SECONDS]);
    command.args(arguments);
    basic_environment(&mut command, dir);
    node_environment(&mut command, mapper);
    command
        .env("RABBITMQ_CONF_ENV_FILE", dir.join("none"))
        // Any free port: the script's own range of eleven is shared by the whole machine.
        .env("RABBITMQ_CTL_DIST_PORT_MIN", "0")
        .env("RABBITMQ_CTL_DIST_PORT_MAX", "0")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let output = keeper::spawn(command)
        .and_then(Child::wait_with_output)
        .map_err(StackError::io("cannot run rabbitmqctl"))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(StackError::Helper {
        program,
        status: output.status.to_string(),
        output: format!("{printed}{complaint}").trim().to_owned(),
    })
}

impl fmt::Debug for RabbitMq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RabbitMq")
            .field("port", &self.port())
            .field("pid", &self.pid())
            .finish()
    }
}

/// Says that the node has answered once, so that what it keeps is whole.
fn note_made(dir: &Path) -> bool {
    let made = dir.join(MADE);
    made.exists() || fs::write(&made, "").is_ok()
}

/// A node that is killed while it makes its tables for the first time waits for the missing ones ever after. Nobody has given
/// it anything yet, so it begins anew.
fn forget_half_made(dir: &Path) -> Result<(), StackError> {
    let data = dir.join("mnesia");
    if dir.join(MADE).exists() || !data.exists() {
        return Ok(());
    }
    fs::remove_dir_all(&data).map_err(StackError::at("remove", &data))
}

/// Erlang would start a port mapper by itself, as a daemon that outlives everything.
fn run_mapper(dir: &Path, ports: Ports) -> Result<Process, StackError> {
    let mut command = keeper::dying_with_parent(DeathSignal::Kill);
    command.arg("--").arg(programs::epmd()?);
    command.args(["-port", &ports.mapper.to_string(), "-address", "127.0.0.1"]);
    basic_environment(&mut command, dir);
    let mut mapper = Process::spawn(
        "Erlang's port mapper",
        Signal::SIGKILL,
        dir,
        "epmd",
        command,
    )?;
    // Never by trying to bind the port: whoever holds it for that instant sends the mapper away.
    mapper.wait_until(MAPPER_PATIENCE, || probe::listens(ports.mapper))?;
    Ok(mapper)
}

fn run_node(dir: &Path, ports: Ports) -> Result<Process, StackError> {
    // The node's stores survive a kill, and a killed node leaves no helper behind, while SIGTERM
    // during its long start-up would be answered late.
    let mut command = keeper::dying_with_parent(DeathSignal::Kill);
    command
        .arg("--")
        .arg(programs::rabbitmq("rabbitmq-server")?);
    basic_environment(&mut command, dir);
    node_environment(&mut command, ports.mapper);
    command
        .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_NODE_PORT", ports.amqp.to_string())
        .env("RABBITMQ_DIST_PORT", ports.distribution.to_string())
        .env("RABBITMQ_MNESIA_BASE", dir.join("mnesia"))
        .env("RABBITMQ_LOG_BASE", dir.join("log"))
        .env("RABBITMQ_PID_FILE", dir.join("node.pid"))
        .env("RABBITMQ_CONFIG_FILE", dir.join("rabbitmq.conf"))
        .env("RABBITMQ_CONF_ENV_FILE", dir.join("none"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", dir.join("enabled_plugins"))
        // Makes the script exec the Erlang machine, so that the child's pid is the node's.
        .env("RUNNING_UNDER_SYSTEMD", "1");
    Process::spawn(SERVER, Signal::SIGKILL, dir, "rabbitmq", command)
}

/// Nothing of the caller's environment reaches Erlang: a stray `RABBITMQ_…` or `ERL_…` variable
/// would change what is started. `HOME` is where the cookie is made.
fn basic_environment(command: &mut Command, dir: &Path) {
    command
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LANG", "C.UTF-8");
    command.env("HOME", dir);
}

/// How the node and those who talk to it find each other.
fn node_environment(command: &mut Command, mapper: u16) {
    command
        .env("ERL_EPMD_PORT", mapper.to_string())
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_NODENAME", NODE_NAME);
}

fn write_configuration(dir: &Path, port: u16) -> Result<(), StackError> {
    let configuration = format!(
        "listeners.tcp.default = 127.0.0.1:{port}\n\
         loopback_users = none\n\
         vm_memory_high_watermark.absolute = 1GB\n\
         disk_free_limit.absolute = 50MB\n\
         log.file.level = warning\n\
         num_acceptors.tcp = 2\n"
    );
    for (name, text) in [
        ("rabbitmq.conf", configuration.as_str()),
        ("enabled_plugins", "[].\n"),
    ] {
        let path = dir.join(name);
        fs::write(&path, text).map_err(StackError::at("write", &path))?;
    }
    Ok(())
}
