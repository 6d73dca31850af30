//! `agape keys`: makes the secret files that are missing, and looks after the token-signing keys.

use std::process::ExitCode;

use anyhow::Result;
use common::service::{self, Keys as Action};

use crate::environment::{self, Environment};
use crate::keys::Keys;
use crate::output::say;
use crate::tree::Tree;
use crate::{child, given, services};

/// Makes every secret file that is missing below `.agape/keys/`.
///
/// # Errors
/// A file cannot be read or written.
pub fn ensure(tree: &Tree) -> Result<()> {
    tree.prepare()?;
    let keys = Keys::new(tree.keys());
    let made = keys.ensure(&services::names())?;
    if made.is_empty() {
        say(format_args!(
            "Nothing is missing in {}",
            keys.dir().display()
        ));
    }
    for file in made {
        say(format_args!("made {}", keys.dir().join(file).display()));
    }
    Ok(())
}

/// Makes or rotates the keys that services keep in their schemas: with the settings of the
/// environment, as in a container, else with what the running tree knows.
///
/// # Errors
/// Nothing runs, or a service refuses.
pub fn signing(tree: &Tree, action: Action) -> Result<ExitCode> {
    let word = match action {
        Action::Ensure => "ensure-signing",
        Action::Rotate => "rotate",
    };
    for deployed in services::ALL {
        let name = deployed.service.name;
        let Some(run) = deployed.service.keys else {
            continue;
        };
        let url = environment::variable(name, environment::RUNTIME_URL);
        if given::variable(&url).is_some() {
            let code = service::block_on(name, run(action));
            if code != ExitCode::SUCCESS {
                return Ok(code);
            }
        } else {
            let environment = Environment::of(tree, &super::running(tree)?)?;
            let variables = environment.for_service(deployed)?;
            crate::alone(child::run(tree, name, &["keys", word], variables))?;
        }
        say(format_args!("{name}: done"));
    }
    Ok(ExitCode::SUCCESS)
}
