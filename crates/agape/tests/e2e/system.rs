//! One `agape up` in a folder of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use agape::{environment, services};
use local_stack::keeper::{self, DeathSignal};
use local_stack::{Scratch, ports};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// RabbitMQ is not waited for, so this is mostly for a machine that compiles something else.
const START_PATIENCE: Duration = Duration::from_secs(120);

/// What `agape up` writes, below its folder.
const OUTPUT: &str = "output";

pub struct System {
    folder: Scratch,
    variables: Vec<(String, String)>,
    up: Child,
}

/// The system that tests share if they leave it as they found it.
pub fn shared() -> &'static System {
    static SHARED: OnceLock<System> = OnceLock::new();
    SHARED.get_or_init(|| System::start(&[]))
}

impl System {
    /// Starts everything and waits until it is ready.
    pub fn start(extra: &[(&str, &str)]) -> Self {
        let folder = Scratch::new().unwrap();
        let output = File::create(folder.path().join(OUTPUT)).unwrap();
        Self::launch(
            folder,
            extra,
            output.try_clone().unwrap().into(),
            output.into(),
        )
    }

    /// The same, with nobody at the other end of its standard output and error.
    pub fn start_unheard() -> Self {
        let folder = Scratch::new().unwrap();
        Self::launch(folder, &[], Stdio::piped(), Stdio::piped())
    }

    fn launch(folder: Scratch, extra: &[(&str, &str)], stdout: Stdio, stderr: Stdio) -> Self {
        let variables = settings(extra);
        let up = spawn(&folder, &variables, stdout, stderr);
        let mut system = Self {
            folder,
            variables,
            up,
        };
        system.become_ready(0);
        system
    }

    /// Waits until it says that it is ready, beyond what its log had before.
    fn become_ready(&mut self, before: usize) {
        let log = self.folder().join(".agape/logs/agape.log");
        wait_for("`agape up` to become ready", START_PATIENCE, || {
            if let Some(status) = self.up.try_wait().unwrap() {
                panic!(
                    "`agape up` ended ({status}): {}",
                    read_lossy(&self.folder().join(OUTPUT))
                );
            }
            let said = read_lossy(&log);
            said.get(before..)
                .is_some_and(|new| new.contains("everything is ready"))
        });
    }

    /// Stops everything, as a person does.
    pub fn stop(&mut self) {
        let down = self.run(&["down"]);
        assert!(down.status.success(), "{down:?}");
        self.wait(START_PATIENCE);
    }

    /// Starts what was stopped, with the same settings.
    pub fn start_again(&mut self) {
        let before = read_lossy(&self.folder().join(".agape/logs/agape.log")).len();
        let output = File::create(self.folder().join(OUTPUT)).unwrap();
        let stdout = output.try_clone().unwrap().into();
        self.up = spawn(&self.folder, &self.variables, stdout, output.into());
        self.become_ready(before);
    }

    /// Runs another command in the same folder with the same settings.
    pub fn run(&self, arguments: &[&str]) -> Output {
        agape(&self.folder, &self.variables)
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Where a service is, by `urls.json`.
    pub fn url(&self, service: &str, path: &str) -> String {
        let urls = self.json("urls.json");
        let base = urls
            .pointer(&format!("/services/{service}/url"))
            .and_then(Value::as_str);
        format!("{}{path}", base.unwrap())
    }

    /// A file of `.agape/`, read as JSON.
    pub fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.state().join(name)).unwrap()).unwrap()
    }

    pub fn state(&self) -> PathBuf {
        self.folder.path().join(".agape")
    }

    /// The supervisor's process.
    pub fn pid(&self) -> i32 {
        self.up.id().try_into().unwrap()
    }

    /// The broker's process.
    pub fn broker_pid(&self) -> i32 {
        let file = self.state().join("rabbitmq/rabbitmq.pid");
        let text = fs::read_to_string(file).unwrap();
        text.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// The process that serves `service` now.
    pub fn pid_of(&self, service: &str) -> Option<i32> {
        let parent = self.up.id().to_string();
        let wanted = format!("serve\0{service}\0");
        processes()
            .find(|process| {
                let status = fs::read_to_string(process.join("status")).unwrap_or_default();
                let is_child = status.lines().any(|line| {
                    line.strip_prefix("PPid:")
                        .is_some_and(|value| value.trim() == parent)
                });
                is_child && read_lossy(&process.join("cmdline")).contains(&wanted)
            })
            .and_then(|process| process.file_name()?.to_str()?.parse().ok())
    }

    /// The folder that it runs in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).unwrap();
    }

    /// Waits for the supervisor to end.
    pub fn wait(&mut self, patience: Duration) -> ExitStatus {
        let until = Instant::now() + patience;
        loop {
            if let Some(status) = self.up.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "`agape up` did not end");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for System {
    fn drop(&mut self) {
        // Its children die with it.
        drop(self.up.kill());
        drop(self.up.wait());
    }
}

/// Runs `agape` in an empty folder to its end.
pub fn run_alone(arguments: &[&str], extra: &[(&str, &str)]) -> (Output, Scratch) {
    let folder = Scratch::new().unwrap();
    let output = agape(&folder, &settings(extra))
        .args(arguments)
        .output()
        .unwrap();
    (output, folder)
}

fn spawn(folder: &Scratch, variables: &[(String, String)], out: Stdio, err: Stdio) -> Child {
    let mut command = agape(folder, variables);
    command.arg("up").stdout(out).stderr(err);
    let mut up = keeper::spawn(command).unwrap();
    drop((up.stdout.take(), up.stderr.take()));
    up
}

/// The command, dying with the test binary; SIGTERM lets it stop its servers in order.
fn agape(folder: &Scratch, variables: &[(String, String)]) -> Command {
    let mut command = keeper::dying_with_parent(DeathSignal::Term);
    command.arg("--").arg(env!("CARGO_BIN_EXE_agape"));
    command.current_dir(folder.path()).stdin(Stdio::null());
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command
}

/// Free ports for every service and the sandbox, and limits that a test does not run into.
fn settings(extra: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    for service in services::process_names() {
        for name in ["PORT", "OPS_PORT"] {
            let port = ports::find_free().unwrap();
            variables.push((environment::variable(service, name), port.to_string()));
        }
    }
    for limit in ["AUTH", "PUBLIC", "ADMIN"] {
        variables.push((
            format!("GATEWAY__RATE_LIMIT__{limit}"),
            "1000000".to_owned(),
        ));
    }
    variables.push(("AUTH__RATE_LIMIT__ACCOUNT".to_owned(), "1000".to_owned()));
    variables.extend(
        extra
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    variables
}

/// How many processes name the folder in their command line, environment or working directory.
pub fn processes_about(folder: &Path) -> usize {
    let needle = folder.to_str().unwrap();
    let about = |process: &PathBuf| {
        let here = fs::read_link(process.join("cwd")).unwrap_or_default();
        here.starts_with(folder)
            || ["cmdline", "environ"]
                .iter()
                .any(|file| read_lossy(&process.join(file)).contains(needle))
    };
    processes().filter(about).count()
}

/// Waits until `done`, and fails the test after `patience`.
pub fn wait_for(what: &str, patience: Duration, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + patience;
    while !done() {
        assert!(Instant::now() < until, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn processes() -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter(|entry| {
            entry
                .file_name()
                .to_str()
                .is_some_and(|name| name.parse::<u32>().is_ok())
        })
        .map(|entry| entry.path())
}

fn read_lossy(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}
