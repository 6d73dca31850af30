//! A database with nothing but the messaging tables.

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use test_support::{TestDb, run_migrations};

/// The migration as a service embeds it.
const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The service whose schema the tests use.
pub const SERVICE: &str = "orders";

pub fn start() -> TestDb {
    TestDb::start(SERVICE, |owner_url| run_migrations(owner_url, MIGRATIONS))
}

pub async fn connect(url: &str) -> AsyncPgConnection {
    AsyncPgConnection::establish(url)
        .await
        .expect("the test database accepts")
}

/// Runs SQL as the runtime role would not: to set a stage.
pub async fn as_owner(db: &TestDb, sql: &str) {
    connect(&db.owner_url())
        .await
        .batch_execute(sql)
        .await
        .expect(sql);
}
