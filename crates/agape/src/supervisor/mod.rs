//! Keeps the services running.
//!
//! The supervisor owns every listening socket, so a service can be replaced or can crash without
//! a refused connection: what arrives meanwhile waits in the socket's queue.
//!
//! Per service there is one `warden`; it starts an `instance` (a process), waits until that
//! says it is ready, starts it again when it dies, and swaps it on request. [`control`] is the
//! socket on which `agape restart`, `agape down` and a second `agape up` talk to this one.

pub(crate) mod backoff;
pub mod control;
mod instance;
pub mod sockets;
mod warden;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use sockets::Sockets;
use warden::{Order, Warden};

/// One service to keep running.
#[derive(Debug)]
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// Variables on top of the supervisor's own environment.
    pub environment: Vec<(String, OsString)>,
    /// Where its output goes.
    pub log: PathBuf,
    /// What it listens on.
    pub sockets: Sockets,
    /// The longest pause before it is started again.
    pub restart_pause_max: Duration,
}

/// What happened to a service, for the terminal and the log.
#[derive(Debug)]
pub enum Event {
    /// It answers.
    Ready {
        /// The service.
        service: &'static str,
        /// From start to ready.
        took: Duration,
    },
    /// It ended without being asked to.
    Died {
        /// The service.
        service: &'static str,
        /// How it ended.
        how: String,
        /// Whether it had been ready before.
        was_ready: bool,
        /// When it is started again.
        restart_in: Duration,
    },
    /// A request to replace it was carried out.
    Replaced {
        /// The service.
        service: &'static str,
        /// From start to ready.
        took: Duration,
    },
    /// The replacement did not become ready; the old process goes on.
    Kept {
        /// The service.
        service: &'static str,
        /// Why.
        why: String,
    },
}

/// The answer to a request to replace a service.
pub type Restarted = Result<Duration, String>;

/// Running services.
#[derive(Debug)]
pub struct Supervisor {
    orders: BTreeMap<&'static str, mpsc::Sender<Order>>,
    wardens: JoinSet<()>,
    stopping: CancellationToken,
}

impl Supervisor {
    /// Starts all programs. What happens to them arrives at `events`.
    #[must_use]
    pub fn start(
        programs: Vec<Program>,
        sockets_dir: &std::path::Path,
        events: &mpsc::UnboundedSender<Event>,
    ) -> Self {
        let stopping = CancellationToken::new();
        let mut wardens = JoinSet::new();
        let mut orders = BTreeMap::new();
        for program in programs {
            let (order, receiver) = mpsc::channel(8);
            orders.insert(program.name, order);
            let warden = Warden::new(
                program,
                sockets_dir.to_path_buf(),
                receiver,
                events.clone(),
                stopping.clone(),
            );
            wardens.spawn(warden.run());
        }
        Self {
            orders,
            wardens,
            stopping,
        }
    }

    /// A handle with which services can be replaced.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle {
            orders: self.orders.clone(),
        }
    }

    /// Asks all services to finish what they hold, and waits until they are gone.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        while self.wardens.join_next().await.is_some() {}
    }
}

/// Replaces services of a running [`Supervisor`].
#[derive(Debug, Clone)]
pub struct Handle {
    orders: BTreeMap<&'static str, mpsc::Sender<Order>>,
}

impl Handle {
    /// The names of the services.
    pub fn services(&self) -> impl Iterator<Item = &'static str> {
        self.orders.keys().copied()
    }

    /// Starts a new process for a service, waits until it is ready, and lets the old one drain.
    ///
    /// # Errors
    /// There is no such service, or the new process did not become ready; the old one goes on.
    pub async fn restart(&self, service: &str) -> Restarted {
        let Some(order) = self.orders.get(service) else {
            return Err(format!("there is no service {service}"));
        };
        let (answer, answered) = oneshot::channel();
        let stopping = |_closed| "the supervisor is stopping".to_owned();
        order
            .send(Order::Restart(answer))
            .await
            .map_err(|closed| stopping(closed.to_string()))?;
        answered
            .await
            .map_err(|closed| stopping(closed.to_string()))?
    }
}
