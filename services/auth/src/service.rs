//! What this service is to the command line.

use std::sync::Arc;

use anyhow::Context as _;
use common::clock::SystemClock;
use common::crypto::Sealer;
use common::database::Database;
use common::service::{DeadLetters, Keys, Migrate, Only, Outcome, Seed, Service};
use common::settings::Reader;
use common::{Clock as _, telemetry};
use diesel_async::{AsyncConnection as _, AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::MigrationHarness as _;

use crate::config::{DEFAULT_OPS_PORT, DEFAULT_PORT, Settings};
use crate::keys::{self, Ensured};
use crate::startup::{Application, MIGRATIONS};
use crate::{routes, seed};

/// The auth service.
pub const SERVICE: Service = Service {
    name: "auth",
    default_port: DEFAULT_PORT,
    default_ops_port: DEFAULT_OPS_PORT,
    serve,
    migrate: Some(migrate),
    seed: Some(seed_schema),
    keys: Some(manage_keys),
    dead_letters: Some(dead_letters),
    openapi: routes::openapi,
};

fn read_settings() -> anyhow::Result<Settings> {
    Ok(Settings::read(Reader::from_environment(SERVICE.name))?)
}

fn serve(only: Only) -> Outcome {
    Box::pin(async move {
        let settings = read_settings()?;
        let _telemetry = telemetry::start(SERVICE.name, &settings.telemetry)?;
        Application::build(settings, Arc::new(SystemClock))?
            .run_until_stopped(only)
            .await
    })
}

/// Needs the owner's connection and nothing else, so that a migration Job holds no other secret.
fn migrate(direction: Migrate) -> Outcome {
    Box::pin(async move {
        let url = Reader::from_environment(SERVICE.name)
            .optional("database.owner_url")
            .context("AUTH__DATABASE__OWNER_URL is missing")?;
        let conn = AsyncPgConnection::establish(&url).await?;
        let mut harness = AsyncMigrationHarness::new(conn);
        match direction {
            Migrate::Up => harness.run_pending_migrations(MIGRATIONS).map(drop),
            Migrate::DownOne => harness.revert_last_migration(MIGRATIONS).map(drop),
        }
        .map_err(|error| anyhow::anyhow!("the migration failed: {error}"))
    })
}

fn manage_keys(keys: Keys) -> Outcome {
    Box::pin(async move {
        let settings = read_settings()?;
        let db = Database::connect(&settings.database);
        let sealer = Sealer::with_key("file", &settings.file_key)?;
        let now = SystemClock.now();
        let said = match keys {
            Keys::Ensure => match keys::ensure(&db, &sealer, now).await? {
                Ensured::Made => "the first signing key is made".to_owned(),
                Ensured::Present => "there is a signing key".to_owned(),
            },
            Keys::Rotate => {
                let from = keys::rotate(&db, &sealer, now).await?;
                format!("the next signing key is made; it signs from {from}")
            }
        };
        tell(&said);
        Ok(())
    })
}

fn seed_schema(what: Seed) -> Outcome {
    Box::pin(async move {
        let said = seed::run(read_settings()?, what).await?;
        tell(&said);
        Ok(())
    })
}

fn dead_letters(what: DeadLetters) -> Outcome {
    Box::pin(messaging::dead_letters::command(SERVICE.name, what))
}

/// A command run by a person answers on the terminal.
#[expect(
    clippy::print_stdout,
    reason = "the answer to a command goes to the terminal"
)]
fn tell(text: &str) {
    println!("{}: {text}", SERVICE.name);
}
