//! `agape dead-letters`: what consumers gave up, of every service or of one.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use common::authorities;
use common::database::{Database, DatabaseSettings};
use common::service::DeadLetters;
use messaging::AmqpSettings;
use messaging::dead_letters::{self, Desk};

use crate::environment::{self, Environment, Role};
use crate::given;
use crate::services::{self, Deployed};
use crate::tree::Tree;

/// Shows or sends back the letters of one service, or of all.
///
/// # Errors
/// Nothing runs, a server does not answer, or there is no such letter.
pub async fn run(tree: &Tree, service: Option<&str>, what: &DeadLetters) -> Result<ExitCode> {
    let mut asked: Vec<&Deployed> = services::with_database().collect();
    if let Some(name) = service {
        let only = services::get(name)?;
        asked.retain(|deployed| deployed.service.name == only.service.name);
    }
    let mut desks = Vec::new();
    for deployed in asked
        .iter()
        .filter(|one| one.service.dead_letters.is_some())
    {
        desks.push(desk(tree, deployed.service.name)?);
    }
    match what {
        DeadLetters::Redrive {
            ids, all: false, ..
        } => {
            for id in ids {
                let one = DeadLetters::Redrive {
                    ids: vec![*id],
                    all: false,
                    queue: None,
                };
                dead_letters::run(holder(&desks, *id).await?, &one, &mut std::io::stdout()).await?;
            }
        }
        DeadLetters::Show { id } => {
            dead_letters::run(holder(&desks, *id).await?, what, &mut std::io::stdout()).await?;
        }
        DeadLetters::List { .. } | DeadLetters::Redrive { .. } => {
            for desk in &desks {
                dead_letters::run(desk, what, &mut std::io::stdout()).await?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The service that a letter belongs to.
async fn holder(desks: &[Desk], id: uuid::Uuid) -> Result<&Desk> {
    for desk in desks {
        if desk.has(id).await? {
            return Ok(desk);
        }
    }
    bail!("there is no dead letter {id}")
}

/// With the settings of the environment, as in a container, else with what the running tree knows.
fn desk(tree: &Tree, service: &'static str) -> Result<Desk> {
    let setting = |name| given::variable(&environment::variable(service, name));
    let (database, amqp) = match setting(environment::RUNTIME_URL) {
        Some(url) => {
            let amqp = environment::variable(service, "AMQP__URL");
            (
                url,
                given::variable(&amqp).with_context(|| format!("{amqp} is missing"))?,
            )
        }
        None => {
            let urls = super::running(tree)?;
            let environment = Environment::of(tree, &urls)?;
            (environment.role_url(service, Role::Runtime)?, urls.amqp)
        }
    };
    let db = Database::connect_patiently(&DatabaseSettings::new(database));
    let prefix = setting("AMQP__PREFIX").unwrap_or_default();
    let authorities = setting("AMQP__CA_FILE").map(|file| authorities::read(Path::new(&file)));
    let amqp = AmqpSettings {
        authorities: authorities.transpose().map_err(anyhow::Error::msg)?,
        ..AmqpSettings::bare(amqp, prefix)
    };
    Ok(Desk::new(service, db, amqp))
}
