//! Running a service's migrations, and telling whether they were run.

use anyhow::Context as _;
use common::database::{self, Database};
use common::service::{Migrate, Outcome};
use common::settings::Reader;
use diesel::migration::{Migration, MigrationSource as _};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncMigrationHarness, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _};

/// Migrates the schema of the same name as the service.
///
/// Needs the owner's connection and nothing else, so that a migration Job holds no other secret.
#[must_use]
pub fn migrate(
    service: &'static str,
    migrations: EmbeddedMigrations,
    direction: Migrate,
) -> Outcome {
    Box::pin(async move {
        let variable = || format!("{}__DATABASE__OWNER_URL is missing", service.to_uppercase());
        let url = Reader::from_environment(service)
            .optional("database.owner_url")
            .with_context(variable)?;
        let conn = database::establish(&url).await?;
        let mut harness = AsyncMigrationHarness::new(conn);
        match direction {
            Migrate::Up => harness.run_pending_migrations(migrations).map(drop),
            Migrate::DownOne => harness.revert_last_migration(migrations).map(drop),
        }
        .map_err(|error| anyhow::anyhow!("the migration failed: {error}"))
    })
}

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = Bool)]
    applied: bool,
}

/// Passes when the newest embedded migration has been applied; else says what is missing.
pub(crate) async fn are_applied(
    db: &Database,
    service: &str,
    migrations: &EmbeddedMigrations,
) -> Result<(), String> {
    let newest = newest(migrations)?;
    let mut conn = db.get().await.map_err(|error| error.to_string())?;
    // The schema has the service's name, which is a constant of its code.
    let query = format!(
        "SELECT EXISTS (SELECT FROM {service}.__diesel_schema_migrations WHERE version = $1) AS applied"
    );
    let found: Applied = diesel::sql_query(query)
        .bind::<Text, _>(&newest)
        .get_result(&mut conn)
        .await
        .map_err(|error| error.to_string())?;
    if found.applied {
        Ok(())
    } else {
        Err(format!("migration {newest} has not been applied"))
    }
}

fn newest(embedded: &EmbeddedMigrations) -> Result<String, String> {
    let all: Vec<Box<dyn Migration<Pg>>> =
        embedded.migrations().map_err(|error| error.to_string())?;
    let versions = all
        .iter()
        .map(|migration| migration.name().version().to_string());
    versions
        .max()
        .ok_or_else(|| "no migration is embedded".to_owned())
}
