//! Whether the schema is as new as the code.

use common::database::Database;
use diesel::migration::{Migration, MigrationSource as _};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;
use diesel_migrations::EmbeddedMigrations;

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = Bool)]
    applied: bool,
}

/// Passes when the newest embedded migration has been applied; else says what is missing.
pub(crate) async fn are_applied(
    db: &Database,
    migrations: &EmbeddedMigrations,
) -> Result<(), String> {
    let newest = newest(migrations)?;
    let mut conn = db.get().await.map_err(|error| error.to_string())?;
    let found: Applied = diesel::sql_query(
        "SELECT EXISTS (SELECT FROM notifications.__diesel_schema_migrations WHERE version = $1) AS applied",
    )
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
