//! `agape seed`: fills each service's schema with something to try, or with many users or products
//! to measure with.

use std::process::ExitCode;

use anyhow::Result;
use common::service::{self, Seed};

use crate::bootstrap;
use crate::cli::Seeding;
use crate::environment::{self, Environment};
use crate::output::say;
use crate::services::Deployed;
use crate::tree::Tree;
use crate::{child, given, private_files, services};

/// Seeds with the settings of the environment, as in a container, those services that it has settings of; else, with what
/// the running tree knows, all of them.
///
/// # Errors
/// Nothing runs, or a service refuses.
pub fn run(tree: &Tree, seeding: Seeding) -> Result<ExitCode> {
    let seeds = |one: &Deployed| Some((one.service.name, one.service.seed?));
    let is_given = |name: &str| {
        given::variable(&environment::variable(name, environment::RUNTIME_URL)).is_some()
    };
    let here: Vec<_> = services::ALL
        .iter()
        .filter_map(seeds)
        .filter(|(name, _)| is_given(name))
        .collect();
    if here.is_empty() {
        return in_running_tree(tree, seeding);
    }
    for (name, seed) in here {
        let code = service::block_on(name, seed(what(tree, seeding)?));
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
        say(format_args!("{name}: seeded"));
    }
    Ok(ExitCode::SUCCESS)
}

fn in_running_tree(tree: &Tree, seeding: Seeding) -> Result<ExitCode> {
    let urls = super::running(tree)?;
    let environment = Environment::of(tree, &urls)?;
    let count = seeding.users.or(seeding.products);
    let count = count.map(|count| count.to_string());
    let flag = if seeding.users.is_some() {
        "--users"
    } else {
        "--products"
    };
    let mut arguments = vec!["seed"];
    arguments.extend(count.iter().flat_map(|count| [flag, count]));
    for deployed in services::ALL {
        let name = deployed.service.name;
        if deployed.service.seed.is_some() {
            let variables = environment.for_service(deployed)?;
            crate::alone(child::run(tree, name, &arguments, variables))?;
            say(format_args!("{name}: seeded"));
        }
    }
    if count.is_some() {
        // PostgreSQL has not looked at so many new rows yet, and would search them one by one for a minute.
        crate::alone(bootstrap::analyze(&urls.postgres))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn what(tree: &Tree, seeding: Seeding) -> Result<Seed> {
    tree.prepare()?;
    if let Some(count) = seeding.products {
        return Ok(Seed::Products { count });
    }
    let Some(count) = seeding.users else {
        return Ok(Seed::Demo {
            accounts: tree.accounts(),
        });
    };
    let folder = tree.state().join("bench");
    private_files::ensure_dir(&folder)?;
    Ok(Seed::Users {
        count,
        tokens: folder.join("tokens.json"),
    })
}
