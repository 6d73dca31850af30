//! What this service is to the command line.

use std::sync::Arc;

use anyhow::Context as _;
use common::clock::SystemClock;
use common::service::{DeadLetters, Migrate, Only, Outcome, Service};
use common::settings::Reader;
use common::telemetry;
use diesel_async::{AsyncConnection as _, AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::MigrationHarness as _;

use crate::config::{DEFAULT_OPS_PORT, DEFAULT_PORT, Settings};
use crate::routes;
use crate::startup::{Application, MIGRATIONS};

/// The notifications service.
pub const SERVICE: Service = Service {
    name: "notifications",
    default_port: DEFAULT_PORT,
    default_ops_port: DEFAULT_OPS_PORT,
    serve,
    migrate: Some(migrate),
    seed: None,
    keys: None,
    dead_letters: Some(dead_letters),
    openapi: routes::openapi,
};

fn serve(only: Only) -> Outcome {
    Box::pin(async move {
        let settings = Settings::read(Reader::from_environment(SERVICE.name))?;
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
            .context("NOTIFICATIONS__DATABASE__OWNER_URL is missing")?;
        let conn = AsyncPgConnection::establish(&url).await?;
        let mut harness = AsyncMigrationHarness::new(conn);
        match direction {
            Migrate::Up => harness.run_pending_migrations(MIGRATIONS).map(drop),
            Migrate::DownOne => harness.revert_last_migration(MIGRATIONS).map(drop),
        }
        .map_err(|error| anyhow::anyhow!("the migration failed: {error}"))
    })
}

fn dead_letters(what: DeadLetters) -> Outcome {
    Box::pin(messaging::dead_letters::command(SERVICE.name, what))
}
