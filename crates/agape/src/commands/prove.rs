//! `agape prove`: lets a doubter see that nothing is lost or doubled.
//!
//! `simulate` needs nothing but this program. `check` reads the databases of the running tree, or of any server, and changes
//! nothing.

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use prove::invariants::{self, Journals, Patience};
use prove::simulation::{self, Plan};
use serde_json::Value;
use tokio_postgres::Client;

use crate::output::{complain, say};
use crate::tree::Tree;
use crate::{bootstrap, given};

/// Plays schedules from a seed on; one that is not given is made up, and said either way.
///
/// # Errors
/// None; a schedule that fails is told, with its story, and makes the command fail.
pub fn simulate(schedules: u64, seed: Option<u64>) -> Result<ExitCode> {
    let seed = seed.unwrap_or_else(rand::random);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    say(format_args!(
        "{schedules} schedules from seed {seed} on, {threads} at a time"
    ));
    let begun = Instant::now();
    let plan = Plan {
        seed,
        schedules,
        threads,
        bug: None,
    };
    match simulation::run(&plan) {
        Ok(ends) => {
            let ends: Vec<_> = ends
                .iter()
                .map(|(end, count)| format!("{count} {end}"))
                .collect();
            say(format_args!(
                "Nothing was lost or doubled, in {:.1} s; orders ended {}",
                begun.elapsed().as_secs_f64(),
                ends.join(", ")
            ));
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => {
            complain(&failure);
            complain(format_args!(
                "Again: agape prove simulate --schedules 1 --seed {}",
                failure.seed
            ));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Looks for what must not be in the databases: those of `AGAPE__POSTGRES_URL`, else of the running tree, whose vendors are asked
/// as well. What has changed within `grace` is not compared between services; without any grace, only what holds at any moment is
/// looked for.
///
/// # Errors
/// No server is known, or one does not answer. Violations are told, and make the command fail.
pub async fn check(tree: &Tree, grace: Option<Duration>) -> Result<ExitCode> {
    let given = given::variable(given::POSTGRES_URL);
    let (url, sandbox) = match given {
        Some(url) => (url, None),
        None => {
            let url = super::running(tree)?.postgres;
            let (_, sandbox) = super::demo::places(tree)?;
            (url, Some(sandbox))
        }
    };
    let mut client = bootstrap::inside(&url).await?;
    let report = match grace {
        None => invariants::check_in_motion(&mut client).await?,
        Some(grace) => {
            let journals = match sandbox {
                Some(sandbox) => journals_of(&client, &sandbox).await?,
                None => Journals::default(),
            };
            let patience = Patience {
                grace,
                ..Patience::default()
            };
            invariants::check(&mut client, &journals, patience).await?
        }
    };
    say(&report);
    if report.is_clean() {
        return Ok(ExitCode::SUCCESS);
    }
    complain(format_args!("violated: {}", report.violated().join(", ")));
    Ok(ExitCode::FAILURE)
}

/// What the sandbox wrote down. One that has forgotten its beginning, or began after these databases, proves nothing.
async fn journals_of(client: &Client, sandbox: &str) -> Result<Journals> {
    common::crypto::install_providers();
    let answer = common::client::http_client()?
        .get(format!("{sandbox}/_sandbox/journal"))
        .send()
        .await
        .context("the sandbox does not answer")?;
    let entries: Vec<Value> = answer.json().await?;
    let forgotten = if Journals::begin_too_late(client, &entries).await? {
        "the sandbox was started after the first sale".to_owned()
    } else {
        match Journals::of_sandbox(&entries) {
            Ok(journals) => return Ok(journals),
            Err(forgotten) => forgotten.to_string(),
        }
    };
    complain(format_args!(
        "{forgotten}; what the vendors did is not compared"
    ));
    Ok(Journals::default())
}
