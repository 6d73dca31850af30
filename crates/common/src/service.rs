//! What a service is to the command line: the same code runs as its own binary, as `agape serve <service>`, and as a
//! child of `agape up`.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Parser, Subcommand, ValueEnum};
use uuid::Uuid;

/// Every process of ours allocates with mimalloc: a request makes many small allocations on one thread and frees them on
/// another, which the C library's allocator does slowly.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What every command of a service answers.
pub type Outcome = Pin<Box<dyn Future<Output = anyhow::Result<()>>>>;

/// A service, as its crate's `SERVICE` constant describes it.
pub struct Service {
    /// One name everywhere: folder, package, binary, schema, role, settings prefix, log field.
    pub name: &'static str,
    /// Where clients reach it unless told otherwise.
    pub default_port: u16,
    /// Where operators reach it unless told otherwise.
    pub default_ops_port: u16,
    /// Runs it until it is told to stop.
    pub serve: fn(Only) -> Outcome,
    /// Migrates its schema, as the owner role; `None` for a service without one.
    pub migrate: Option<fn(Migrate) -> Outcome>,
    /// Fills its schema with something to try or to measure; `None` for a service without.
    pub seed: Option<fn(Seed) -> Outcome>,
    /// Makes or rotates keys that live in its schema; `None` for a service without.
    pub keys: Option<fn(Keys) -> Outcome>,
    /// Shows the deliveries that its consumers gave up, and sends them back; `None` for a service without consumers.
    pub dead_letters: Option<fn(DeadLetters) -> Outcome>,
    /// Compares what it knows of a business date with what its provider says; `None` for a service that has none to compare with.
    pub reconcile: Option<fn(Option<NaiveDate>) -> Outcome>,
    /// Its OpenAPI document.
    pub openapi: fn() -> utoipa::openapi::OpenApi,
}

/// Which half of a service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Only {
    /// Everything in one process.
    #[default]
    All,
    /// The HTTP port only.
    Http,
    /// Relay, consumers and timers only.
    Work,
}

/// Which way to migrate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrate {
    /// Apply all that are pending.
    Up,
    /// Take back the last one.
    DownOne,
}

/// What to seed.
#[derive(Debug, Clone)]
pub enum Seed {
    /// What `agape up` offers for trying: a few of everything. Repeating it changes nothing.
    Demo {
        /// Where the accounts and their passwords are written (auth only).
        accounts: PathBuf,
    },
    /// Many products with stock for measuring (catalog and inventory).
    Products {
        /// How many.
        count: u32,
    },
    /// Many users for measuring (auth only).
    Users {
        /// How many.
        count: u32,
        /// Where their access tokens are written.
        tokens: PathBuf,
    },
}

/// What to do with keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Keys {
    /// Make the first key where there is none.
    Ensure,
    /// Make the next key; it is used once everyone knows it.
    Rotate,
}

/// What to do with the deliveries that consumers gave up.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum DeadLetters {
    /// List those that wait, oldest first.
    List {
        /// Only of this consumer, such as `orders.on_payment_succeeded`
        #[arg(long)]
        queue: Option<String>,
    },
    /// Show one with its content.
    Show {
        /// Which
        id: Uuid,
    },
    /// Send some back to the queues they came from.
    Redrive {
        /// Which
        #[arg(required_unless_present = "all")]
        ids: Vec<Uuid>,
        /// All that wait
        #[arg(long, conflicts_with = "ids")]
        all: bool,
        /// Only of this consumer
        #[arg(long, requires = "all")]
        queue: Option<String>,
    },
}

#[derive(Parser)]
#[command(version, about = "A service of the Agape shop")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run until told to stop.
    Serve {
        /// Run one half only.
        #[arg(long, value_enum, default_value_t)]
        only: Only,
    },
    /// Apply pending migrations, as the owner role.
    Migrate {
        /// Take back the last one instead.
        #[arg(long)]
        down: bool,
    },
    /// Make or rotate the keys that live in the schema.
    #[command(subcommand)]
    Keys(Keys),
    /// Show what consumers gave up, and send it back.
    #[command(subcommand)]
    DeadLetters(DeadLetters),
    /// Compare a business date with the provider, to the end.
    Reconcile {
        /// A day in the shop's zone, such as 2026-01-12; the last one that is due unless given
        #[arg(long)]
        date: Option<NaiveDate>,
    },
}

/// The whole `main` of a service's own binary.
#[must_use]
pub fn main(service: &Service) -> ExitCode {
    let arguments = Arguments::parse();
    let work = match arguments.command {
        Command::Serve { only } => Ok((service.serve)(only)),
        Command::Migrate { down } => {
            let direction = if down { Migrate::DownOne } else { Migrate::Up };
            service
                .migrate
                .map(|migrate| migrate(direction))
                .ok_or("has no schema to migrate")
        }
        Command::Keys(keys) => service
            .keys
            .map(|run| run(keys))
            .ok_or("keeps no keys in its schema"),
        Command::DeadLetters(what) => service
            .dead_letters
            .map(|run| run(what))
            .ok_or("has no consumers"),
        Command::Reconcile { date } => service
            .reconcile
            .map(|run| run(date))
            .ok_or("has nothing to compare with"),
    };
    match work {
        Ok(work) => block_on(service.name, work),
        Err(reason) => refuse(service.name, reason),
    }
}

/// Runs a command of a service to its end: installs the crypto providers, makes the runtime, reports a failure.
#[must_use]
pub fn block_on(name: &str, work: Outcome) -> ExitCode {
    crate::crypto::install_providers();
    // Migrations block a thread for a while, which only the multi-threaded runtime can bear.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(name, &format!("{error:#}")),
    }
}

/// A process that cannot start says why in plain words: no log is set up yet, and a person is looking.
#[expect(clippy::print_stderr, reason = "start-up failures go to the terminal")]
fn refuse(name: &str, reason: &str) -> ExitCode {
    eprintln!("{name}: {reason}");
    ExitCode::FAILURE
}
