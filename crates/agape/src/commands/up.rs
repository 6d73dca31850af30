//! `agape up`: starts everything this tree needs and keeps it running.

mod first_start;
mod journal;
mod prepare;
pub(super) mod signals;
mod summary;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::given;
use crate::infrastructure::{self, Infrastructure, Urls};
use crate::lock::{self, Locked};
use crate::output::say;
use crate::supervisor::backoff::LONGEST_PAUSE;
use crate::supervisor::{Program, Sockets, Supervisor, control};
use crate::tree::Tree;
use crate::{environment, services};
use first_start::{FirstStart, Progress};
use journal::Journal;

/// Runs until Ctrl-C, SIGTERM or `agape down`.
///
/// # Errors
/// Something could not be started; everything that was started is stopped again.
pub async fn run(tree: &Tree) -> Result<ExitCode> {
    tree.prepare()?;
    let _lock = match lock::try_lock(tree)? {
        Locked::ByUs(lock) => lock,
        Locked::ByOther(pid) => {
            summary::already_running(tree, pid);
            return Ok(ExitCode::SUCCESS);
        }
    };
    tree.remove_stale_sockets()?;
    let stop = signals::stop_on_signal()?;
    let outcome = start_and_keep(tree, &stop).await;
    for leftover in [tree.control_socket(), tree.urls()] {
        // Not there if the start failed early.
        drop(std::fs::remove_file(leftover));
    }
    outcome?;
    say("Stopped.");
    Ok(ExitCode::SUCCESS)
}

async fn start_and_keep(tree: &Tree, stop: &CancellationToken) -> Result<()> {
    let mut run = Run {
        tree,
        stop,
        journal: Journal::open(tree)?,
        began: Instant::now(),
    };
    // Before anything slow: a port that is taken shows at once.
    let sockets = bind_all()?;
    let (servers, urls) = tokio::select! {
        started = Infrastructure::start(tree) => started?,
        () = stop.cancelled() => return Ok(()),
    };
    // The servers are watched with a token of their own: they stop after the services.
    let servers_stop = CancellationToken::new();
    let (server_events, from_servers) = mpsc::unbounded_channel();
    let watch = servers.watch(&servers_stop, &server_events);
    let outcome = run.services(&urls, sockets, from_servers).await;
    servers_stop.cancel();
    watch.stopped().await;
    outcome
}

/// What one run of `agape up` carries along.
struct Run<'a> {
    tree: &'a Tree,
    stop: &'a CancellationToken,
    journal: Journal,
    began: Instant,
}

impl Run<'_> {
    /// From running servers to the end of the services.
    async fn services(
        &mut self,
        urls: &Urls,
        sockets: Vec<Sockets>,
        from_servers: mpsc::UnboundedReceiver<infrastructure::Event>,
    ) -> Result<()> {
        tokio::select! {
            prepared = prepare::all(self.tree, urls) => prepared?,
            () = self.stop.cancelled() => return Ok(()),
        }
        summary::write_urls(self.tree, urls)?;
        let control = control::listen(&self.tree.control_socket())?;
        let (events, from_services) = mpsc::unbounded_channel();
        let programs = programs(self.tree, urls, sockets)?;
        let supervisor = Supervisor::start(programs, &self.tree.sockets(), &events);
        let stop = self.stop;
        let outcome = tokio::select! {
            outcome = self.report(from_services, from_servers) => outcome,
            () = control::serve(control, supervisor.handle(), stop.clone()) => Ok(()),
            () = stop.cancelled() => Ok(()),
        };
        self.journal.note("stopping");
        supervisor.stop().await;
        outcome
    }

    /// Tells what happens; ends only when the services will never become ready.
    async fn report(
        &mut self,
        mut from_services: mpsc::UnboundedReceiver<crate::supervisor::Event>,
        mut from_servers: mpsc::UnboundedReceiver<infrastructure::Event>,
    ) -> Result<()> {
        let mut start = FirstStart::of(&services::process_names());
        loop {
            tokio::select! {
                Some(event) = from_servers.recv() => self.journal.server(&event),
                Some(event) = from_services.recv() => {
                    self.journal.service(&event);
                    match start.saw(&event) {
                        Progress::Waiting => {}
                        Progress::Complete => {
                            self.journal.note("everything is ready");
                            summary::print(self.tree, self.began.elapsed())?;
                        }
                        Progress::Hopeless(service) => return Err(start.give_up(self.tree, service)),
                    }
                }
                () = start.too_long() => return Err(start.too_slow(self.tree)),
            }
        }
    }
}

/// Takes every port that the services and the sandbox will listen on.
fn bind_all() -> Result<Vec<Sockets>> {
    let bind = |deployed: &services::Deployed| {
        let service = deployed.service;
        let http = environment::http_place(service)?;
        Sockets::bind(service.name, &http, &environment::ops_place(service)?)
    };
    services::processes().map(bind).collect()
}

fn programs(tree: &Tree, urls: &Urls, sockets: Vec<Sockets>) -> Result<Vec<Program>> {
    let own = environment::own_program()?;
    let environment = environment::Environment::of(tree, urls)?;
    let pause_max = given::parsed(given::RESTART_PAUSE_MAX_MS)?.map(Duration::from_millis);
    let program = |(deployed, sockets): (&'static services::Deployed, Sockets)| {
        let name = deployed.service.name;
        Ok(Program {
            name,
            command: vec![own.clone().into(), "serve".into(), name.into()],
            environment: environment.for_service(deployed).context(name)?,
            log: tree.log(name),
            sockets,
            restart_pause_max: pause_max.unwrap_or(LONGEST_PAUSE),
        })
    };
    services::processes().zip(sockets).map(program).collect()
}
