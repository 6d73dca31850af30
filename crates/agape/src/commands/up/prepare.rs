//! Everything between running servers and the first service: secrets, roles, schemas, data.

use anyhow::{Result, bail};

use crate::bootstrap::{self, Outcome};
use crate::commands::migrate;
use crate::environment::Environment;
use crate::infrastructure::Urls;
use crate::keys::Keys;
use crate::output::say;
use crate::tree::Tree;
use crate::{child, services};

pub(super) async fn all(tree: &Tree, urls: &Urls) -> Result<()> {
    let keys = Keys::new(tree.keys());
    keys.ensure(&services::names())?;
    let names: Vec<&str> = services::with_database()
        .map(|one| one.service.name)
        .collect();
    let outcome = bootstrap::run(&urls.postgres, &keys.role_passwords(&names)?).await?;
    if let Outcome::NeedsAdministrator(sql) = outcome {
        say(sql);
        bail!("the database role may not make roles; have an administrator run the SQL above");
    }
    let environment = Environment::of(tree, urls)?;
    migrate::all(tree, &environment).await?;
    for deployed in services::ALL {
        let service = deployed.service;
        if service.keys.is_some() {
            let arguments = ["keys", "ensure-signing"];
            child::run(
                tree,
                service.name,
                &arguments,
                environment.for_service(deployed)?,
            )
            .await?;
        }
        if service.seed.is_some() {
            child::run(
                tree,
                service.name,
                &["seed"],
                environment.for_service(deployed)?,
            )
            .await?;
        }
    }
    Ok(())
}
