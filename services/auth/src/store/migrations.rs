//! Whether the schema is as new as the code.

use common::database::Database;
use diesel::migration::MigrationSource as _;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
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
    let embedded = migrations.migrations().map_err(|e: Box<dyn std::error::Error + Send + Sync>| e.to_string())?;
    let newest = embedded
        .iter()
        .map(|m: &Box<dyn diesel::migration::Migration<Pg>>| m.name().version().to_string())
        .max()
        .unwrap_or_default();
    let mut conn = db.get().await.map_err(|error| error.to_string())?;
    let found: Applied = diesel::sql_query(
        "SELECT EXISTS (SELECT FROM auth.__diesel_schema_migrations WHERE version = $1) AS applied",
    )
    .bind::<diesel::sql_types::Text, _>(&newest)
    .get_result(&mut conn)
    .await
    .map_err(|error| error.to_string())?;
    if found.applied { Ok(()) } else { Err(format!("migration {newest} has not been applied")) }
}
