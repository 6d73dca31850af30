//! Keeps one service running: starts it, starts it again, swaps it, stops it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::instance::{Change, Instance};
use super::{Event, Program, Restarted};

/// How long a replacement may take to become ready before the old process is kept.
const REPLACEMENT_PATIENCE: Duration = Duration::from_secs(20);

/// What a warden can be told.
#[derive(Debug)]
pub(super) enum Order {
    /// Replace the process, and say how that went.
    Restart(oneshot::Sender<Restarted>),
}

pub(super) struct Warden {
    program: Program,
    sockets_dir: PathBuf,
    orders: mpsc::Receiver<Order>,
    events: mpsc::UnboundedSender<Event>,
    stopping: CancellationToken,
    /// Processes that were replaced and finish what they hold.
    draining: JoinSet<()>,
    backoff: Backoff,
}

/// Why a process is no longer the current one.
enum End {
    Died {
        how: String,
        was_ready: bool,
        life: Duration,
    },
    Stopped,
}

impl Warden {
    pub(super) fn new(
        program: Program,
        sockets_dir: PathBuf,
        orders: mpsc::Receiver<Order>,
        events: mpsc::UnboundedSender<Event>,
        stopping: CancellationToken,
    ) -> Self {
        let backoff = Backoff::up_to(program.restart_pause_max);
        let draining = JoinSet::new();
        Self {
            program,
            sockets_dir,
            orders,
            events,
            stopping,
            draining,
            backoff,
        }
    }

    /// Runs until told to stop.
    pub(super) async fn run(mut self) {
        while !self.stopping.is_cancelled() {
            if let End::Died {
                how,
                was_ready,
                life,
            } = self.one_life().await
            {
                let restart_in = self.backoff.pause_after(life);
                self.report(Event::Died {
                    service: self.program.name,
                    how,
                    was_ready,
                    restart_in,
                });
                self.pause(restart_in).await;
            }
        }
        while self.draining.join_next().await.is_some() {}
    }

    /// From a start to a death or a stop; a replacement in between is the same life going on.
    async fn one_life(&mut self) -> End {
        let mut current = match Instance::start(&self.program, &self.sockets_dir) {
            Ok(instance) => instance,
            Err(error) => {
                let how = format!("it could not be started: {error}");
                return End::Died {
                    how,
                    was_ready: false,
                    life: Duration::ZERO,
                };
            }
        };
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => {
                    self.draining.spawn(current.drain());
                    return End::Stopped;
                }
                change = current.next_change() => match change {
                    Change::Ready => {
                        let took = current.age();
                        self.report(Event::Ready { service: self.program.name, took });
                    }
                    Change::Ended(how) => {
                        let (was_ready, life) = (current.is_ready(), current.age());
                        return End::Died { how, was_ready, life };
                    }
                },
                Some(Order::Restart(answer)) = self.orders.recv() => {
                    if let Some(next) = self.replace(answer).await {
                        let old = std::mem::replace(&mut current, next);
                        self.draining.spawn(old.drain());
                    }
                }
            }
        }
    }

    /// Starts a successor beside the current process; `None` if it did not become ready.
    async fn replace(&mut self, answer: oneshot::Sender<Restarted>) -> Option<Instance> {
        let service = self.program.name;
        let outcome = tokio::select! {
            outcome = start_ready(&self.program, &self.sockets_dir) => outcome,
            () = self.stopping.cancelled() => Err("the supervisor is stopping".to_owned()),
        };
        let (event, reply, next) = match outcome {
            Ok(next) => {
                let took = next.age();
                (Event::Replaced { service, took }, Ok(took), Some(next))
            }
            Err(why) => (
                Event::Kept {
                    service,
                    why: why.clone(),
                },
                Err(why),
                None,
            ),
        };
        self.report(event);
        // Whoever asked may have gone away.
        drop(answer.send(reply));
        next
    }

    /// Waits before the next start; a request to restart or to stop ends the wait.
    async fn pause(&mut self, length: Duration) {
        tokio::select! {
            () = tokio::time::sleep(length) => {}
            () = self.stopping.cancelled() => {}
            Some(Order::Restart(answer)) = self.orders.recv() => {
                drop(answer.send(Err("it had died and is started again now".to_owned())));
            }
        }
    }

    fn report(&self, event: Event) {
        // Nobody listens any more once the supervisor is being dropped.
        drop(self.events.send(event));
    }
}

/// Starts a process and waits until it is ready; one that does not get there is killed.
async fn start_ready(program: &Program, sockets_dir: &Path) -> Result<Instance, String> {
    let mut next = Instance::start(program, sockets_dir)
        .map_err(|error| format!("it could not be started: {error}"))?;
    match timeout(REPLACEMENT_PATIENCE, next.next_change()).await {
        Ok(Change::Ready) => Ok(next),
        Ok(Change::Ended(how)) => Err(format!("the new process ended ({how})")),
        Err(_elapsed) => {
            let seconds = REPLACEMENT_PATIENCE.as_secs();
            Err(format!("the new process was not ready within {seconds} s"))
        }
    }
}
