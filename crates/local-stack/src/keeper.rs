//! Children that die with this process.
//!
//! Linux can send a child a signal when its parent dies (`PR_SET_PDEATHSIG`), but "parent" means
//! the *thread* that made the child. A child spawned from a worker thread would die when that
//! thread ends. So every child is spawned from one thread that lives as long as the process.

use std::io;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

struct Request {
    command: Command,
    answer: Sender<io::Result<Child>>,
}

/// The signal that a child gets when this process dies, in the spelling of `setpriv(1)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeathSignal {
    /// SIGTERM: the child finishes what it holds.
    Term,
    /// SIGINT: PostgreSQL's fast shutdown, which writes a checkpoint.
    Int,
    /// SIGQUIT: PostgreSQL's immediate shutdown.
    Quit,
    /// SIGKILL: for children without state worth a farewell.
    Kill,
}

impl DeathSignal {
    /// The name that `setpriv --pdeathsig` takes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Term => "TERM",
            Self::Int => "INT",
            Self::Quit => "QUIT",
            Self::Kill => "KILL",
        }
    }
}

/// Begins a command line that runs `setpriv`, so that what follows dies with this process.
///
/// The caller appends further `setpriv` options, then `--`, then the program. `setpriv` replaces
/// itself by the program: the child's pid is the program's pid.
#[must_use]
pub fn dying_with_parent(signal: DeathSignal) -> Command {
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig").arg(signal.name());
    command
}

/// Spawns `command` from the keeper thread.
///
/// # Errors
/// Whatever [`Command::spawn`] says.
pub fn spawn(command: Command) -> io::Result<Child> {
    let (answer, answered) = channel();
    requests()?
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send(Request { command, answer })
        .map_err(|_gone| ended())?;
    answered.recv().map_err(|_gone| ended())?
}

fn ended() -> io::Error {
    io::Error::other("the keeper thread has ended")
}

fn requests() -> io::Result<&'static Mutex<Sender<Request>>> {
    static REQUESTS: OnceLock<Mutex<Sender<Request>>> = OnceLock::new();
    if let Some(requests) = REQUESTS.get() {
        return Ok(requests);
    }
    let (sender, receiver) = channel();
    thread::Builder::new()
        .name("child-keeper".to_owned())
        .spawn(move || keep(&receiver))?;
    // Two first callers may race; the loser's thread ends unused because its sender is dropped.
    Ok(REQUESTS.get_or_init(|| Mutex::new(sender)))
}

fn keep(requests: &Receiver<Request>) {
    for mut request in requests {
        // A caller that went away leaves its child to the parent-death signal.
        drop(request.answer.send(request.command.spawn()));
    }
}
