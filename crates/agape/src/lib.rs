//! The `agape` command: the operator's and developer's front door.
//!
//! One binary holds every service (`agape serve auth`), so a work tree links once. `agape up`
//! starts private PostgreSQL, Redis and RabbitMQ, then itself once per service as child
//! processes, and looks after all of them.
//!
//! Start reading at [`commands`], one file per command. [`supervisor`] keeps services running,
//! [`infrastructure`] the servers below them; [`environment`] says which settings a child gets
//! and [`services`] which services there are; [`backups`] bring a database back. [`keys`] and [`bootstrap`] make what production
//! gets from its operator: secrets, roles and schemas.
//!
//! Nothing here knows a business rule; what a service does at `migrate` or `seed` is its own.

pub mod backups;
pub mod bootstrap;
pub mod child;
mod cli;
pub mod commands;
pub mod environment;
pub mod given;
pub mod infrastructure;
pub mod keys;
pub mod lock;
mod output;
mod private_files;
pub mod services;
pub mod supervisor;
pub mod tree;

use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use common::service::Keys;

use cli::{Cli, Command, KeysAction, Proof};
use tree::Tree;

/// Reads the command line, does what it says, and tells how it went.
#[must_use]
pub fn run() -> ExitCode {
    match dispatch(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            output::complain(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<ExitCode> {
    let tree = &Tree::find()?;
    let done = |()| ExitCode::SUCCESS;
    match command {
        Command::Up => alone(commands::up::run(tree)),
        Command::Down => alone(commands::down::run(tree)).map(done),
        Command::Serve { service, only } => commands::serve::run(&service, only),
        Command::Restart { services, all: _ } => {
            alone(commands::restart::run(tree, services)).map(done)
        }
        Command::Bootstrap => alone(commands::bootstrap::run(tree)),
        Command::Migrate { service, down } => {
            commands::migrate::run(tree, service.as_deref(), down)
        }
        Command::Seed(seeding) => commands::seed::run(tree, seeding),
        Command::Keys { action: None } => commands::keys::ensure(tree).map(done),
        Command::Keys {
            action: Some(KeysAction::Rotate),
        } => commands::keys::signing(tree, Keys::Rotate),
        Command::Keys {
            action: Some(KeysAction::EnsureSigning),
        } => commands::keys::signing(tree, Keys::Ensure),
        Command::DeadLetters { service, action } => alone(commands::dead_letters::run(
            tree,
            service.as_deref(),
            &action,
        )),
        Command::Demo => alone(commands::demo::run(tree)),
        Command::Prove {
            action: Proof::Simulate { schedules, seed },
        } => commands::prove::simulate(schedules, seed),
        Command::Prove {
            action: Proof::Check { grace, in_motion },
        } => {
            let grace = (!in_motion).then(|| Duration::from_secs(grace));
            alone(commands::prove::check(tree, grace))
        }
        Command::Backup { keep } => alone(commands::backup::run(tree, keep)).map(done),
        Command::Republish => alone(commands::republish::run(tree)).map(done),
        Command::Restore(wish) => alone(commands::restore::run(tree, wish)),
        Command::Doctor => alone(commands::doctor::run(tree)),
        Command::Openapi => commands::openapi::run(tree).map(done),
        Command::Generate => alone(commands::generate::run(tree)).map(done),
    }
}

/// Runs on this thread alone: the supervisor has little to do, and children must be started from
/// a thread that never ends.
fn alone<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime
        .context("the runtime cannot be started")?
        .block_on(work)
}
