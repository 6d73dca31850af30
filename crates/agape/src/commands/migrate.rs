//! `agape migrate`: brings schemas up to date, as each schema's owner.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use common::service::{self, Migrate};
use futures_util::future::try_join_all;

use crate::environment::{self, Environment};
use crate::infrastructure::Urls;
use crate::output::say;
use crate::services::{self, Deployed};
use crate::tree::Tree;
use crate::{bootstrap, child, commands, given, keys};

/// Migrates with the owner's URL of the environment (`AUTH__DATABASE__OWNER_URL`), as in a
/// container; without one, with what this tree knows.
///
/// # Errors
/// There is no such service, or its schema cannot be migrated.
pub fn run(tree: &Tree, service: Option<&str>, down: bool) -> Result<ExitCode> {
    let chosen = choose(service)?;
    let direction = if down { Migrate::DownOne } else { Migrate::Up };
    let (given, derived): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|one| is_given(one));
    for deployed in given {
        let migrate = deployed.service.migrate.context("it has no schema")?;
        let code = service::block_on(deployed.service.name, migrate(direction));
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
    }
    if !derived.is_empty() {
        crate::alone(with_tree(tree, &derived, down))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Migrates all services at once, each in a process of its own.
///
/// # Errors
/// A schema cannot be migrated.
pub async fn all(tree: &Tree, environment: &Environment) -> Result<()> {
    let migrations = services::with_database().map(|deployed| async {
        let name = deployed.service.name;
        child::run(
            tree,
            name,
            &["migrate", name],
            environment.for_migration(name)?,
        )
        .await
    });
    try_join_all(migrations).await.map(drop)
}

async fn with_tree(tree: &Tree, chosen: &[&Deployed], down: bool) -> Result<()> {
    let (server, admin_url) = commands::database(tree).await?;
    let outcome = async {
        let names: Vec<&str> = services::with_database()
            .map(|one| one.service.name)
            .collect();
        let passwords = keys::Keys::new(tree.keys()).role_passwords(&names)?;
        // Nothing may have been made yet in this tree.
        bootstrap::run(&admin_url, &passwords).await?;
        let urls = Urls {
            postgres: admin_url,
            redis: String::new(),
            amqp: String::new(),
        };
        let environment = Environment::of(tree, &urls)?;
        for deployed in chosen {
            let name = deployed.service.name;
            let mut arguments = vec!["migrate", name];
            if down {
                arguments.push("--down");
            }
            child::run(tree, name, &arguments, environment.for_migration(name)?).await?;
            say(format_args!(
                "{name}: {}",
                if down { "one step back" } else { "up to date" }
            ));
        }
        Ok(())
    }
    .await;
    server.stop().await;
    outcome
}

fn choose(service: Option<&str>) -> Result<Vec<&'static Deployed>> {
    let Some(name) = service else {
        return Ok(services::with_database().collect());
    };
    let deployed = services::get(name)?;
    if deployed.service.migrate.is_none() {
        bail!("{name} has no schema");
    }
    Ok(vec![deployed])
}

fn is_given(deployed: &Deployed) -> bool {
    let variable = environment::variable(deployed.service.name, environment::OWNER_URL);
    given::variable(&variable).is_some()
}
