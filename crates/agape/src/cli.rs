//! The command line.

use chrono::{DateTime, FixedOffset};
use clap::{Args, Parser, Subcommand};
use common::service::{DeadLetters, Only};

/// Agape: an e-commerce backend. Everything an operator or developer types.
#[derive(Debug, Parser)]
#[command(name = "agape", version, about, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start everything this tree needs and keep it running
    Up,
    /// Stop what `up` started in this tree
    Down,
    /// Run one service in this process, with settings from the environment
    Serve {
        /// The service
        service: String,
        /// Run only a part of it
        #[arg(long, value_enum, default_value_t)]
        only: Only,
    },
    /// Replace a running service without refusing a request
    Restart {
        /// The services
        #[arg(required_unless_present = "all")]
        services: Vec<String>,
        /// Every service, one after the other
        #[arg(long, conflicts_with = "services")]
        all: bool,
    },
    /// Make database roles, schemas and privileges
    Bootstrap,
    /// Bring schemas up to date
    Migrate {
        /// Only this service
        service: Option<String>,
        /// Undo the newest migration of that service instead
        #[arg(long, requires = "service")]
        down: bool,
    },
    /// Fill the databases with accounts, products and other data to try things with
    Seed(Seeding),
    /// Make the secret files that are missing
    Keys {
        /// Do something else with them
        #[command(subcommand)]
        action: Option<KeysAction>,
    },
    /// Show what consumers gave up, and send it back
    DeadLetters {
        /// Only of this service
        #[arg(long, global = true)]
        service: Option<String>,
        /// What to do
        #[command(subcommand)]
        action: DeadLetters,
    },
    /// Buy something from the running shop, and show every step
    Demo,
    /// See for yourself that nothing is lost or doubled
    Prove {
        /// How
        #[command(subcommand)]
        action: Proof,
    },
    /// Copy the running tree's database, so that it can be restored to any moment from then on
    Backup {
        /// How many backups to keep, the newest ones
        #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..))]
        keep: u8,
    },
    /// Bring the database back as it was, on a copy that is checked; `--replace` puts it in its place
    Restore(Restoring),
    /// After a restoration by other means: have events sent again that a consumer has not applied
    Republish,
    /// Check this set-up and say what to do about what is wrong
    Doctor,
    /// Write the API documents to proto-docs/openapi/
    Openapi,
    /// Write everything that is generated: schema.rs files, API documents, event schemas
    Generate,
}

/// How to prove it.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Proof {
    /// Play sales through the services' own rules while messages are lost, doubled and reordered
    Simulate {
        /// How many
        #[arg(long, value_name = "N", default_value_t = 1_000_000)]
        schedules: u64,
        /// The first one's seed, to play the same ones again
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Look for what must not be in the databases
    Check {
        /// What has changed within so many seconds is not compared between services
        #[arg(long, value_name = "SECONDS", default_value_t = 60)]
        grace: u64,
        /// Only for what holds at any moment, whatever is under way: on a copy as it was at some time
        #[arg(long, conflicts_with = "grace")]
        in_motion: bool,
    },
}

/// To when, and what for.
#[derive(Debug, Clone, Copy, Args)]
pub struct Restoring {
    /// The moment, as 2026-01-12T10:20:30Z; without it, the latest that was kept
    #[arg(long, value_name = "TIME", value_parser = DateTime::parse_from_rfc3339)]
    pub at: Option<DateTime<FixedOffset>>,
    /// Put it in the place of the stopped tree's database, which is kept beside it
    #[arg(long)]
    pub replace: bool,
    /// Even if something is wrong with it
    #[arg(long, requires = "replace")]
    pub despite_violations: bool,
    /// Leave the copy open until Ctrl-C, to look at it
    #[arg(long, conflicts_with = "replace")]
    pub keep: bool,
}

/// What to do with the keys.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum KeysAction {
    /// Begin a new key for signing access tokens; the old one stays valid until its tokens ended
    Rotate,
    /// Make the first key for signing access tokens if there is none
    #[command(hide = true)]
    EnsureSigning,
}

/// What to make beside the few of everything that are there from the start.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Seeding {
    /// How many further customers to make, with access tokens for load tests
    #[arg(long, value_name = "N")]
    pub users: Option<u32>,
    /// How many further products to make, with stock, for load tests
    #[arg(long, value_name = "N", conflicts_with = "users")]
    pub products: Option<u32>,
}
