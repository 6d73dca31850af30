//! A database with nothing but the messaging tables.

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use test_support::{PrivatePostgres, TestDb, run_migrations};

/// The migration as a service embeds it.
const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The service whose schema the tests use.
pub const SERVICE: &str = "orders";

pub fn start() -> TestDb {
    start_for(SERVICE)
}

/// The same for another service.
pub fn start_for(service: &str) -> TestDb {
    TestDb::start(service, |owner_url| run_migrations(owner_url, MIGRATIONS))
}

/// The same in a server that the test may break.
pub fn start_on(server: &PrivatePostgres, service: &str) -> TestDb {
    TestDb::start_on(server, service, |owner_url| {
        run_migrations(owner_url, MIGRATIONS);
    })
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
