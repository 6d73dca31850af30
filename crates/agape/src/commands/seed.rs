//! `agape seed`: fills each service's schema with something to try, or with many users to
//! measure with.

use std::process::ExitCode;

use anyhow::Result;
use common::service::{self, Seed};

use crate::environment::{self, Environment};
use crate::output::say;
use crate::tree::Tree;
use crate::{child, given, private_files, services};

/// Seeds with the settings of the environment, as in a container, else with what the running
/// tree knows.
///
/// # Errors
/// Nothing runs, or a service refuses.
pub fn run(tree: &Tree, users: Option<u32>) -> Result<ExitCode> {
    for deployed in services::ALL {
        let name = deployed.service.name;
        let Some(seed) = deployed.service.seed else {
            continue;
        };
        let url = environment::variable(name, environment::RUNTIME_URL);
        if given::variable(&url).is_some() {
            let code = service::block_on(name, seed(what(tree, users)?));
            if code != ExitCode::SUCCESS {
                return Ok(code);
            }
        } else {
            let environment = Environment::of(tree, &super::running(tree)?)?;
            let count = users.map(|count| count.to_string());
            let mut arguments = vec!["seed"];
            arguments.extend(count.iter().flat_map(|count| ["--users", count]));
            crate::alone(child::run(
                tree,
                name,
                &arguments,
                environment.for_service(deployed)?,
            ))?;
        }
        say(format_args!("{name}: seeded"));
    }
    Ok(ExitCode::SUCCESS)
}

fn what(tree: &Tree, users: Option<u32>) -> Result<Seed> {
    tree.prepare()?;
    let Some(count) = users else {
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
