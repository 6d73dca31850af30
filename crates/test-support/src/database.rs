//! A database of one's own for each test.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use diesel_async::{AsyncConnection, AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};
use local_stack::roles::{self, ServiceRoles};
use tokio_postgres::NoTls;

use crate::blocking;
use crate::servers::{PrivatePostgres, shared_postgres};

/// A migrated database with the roles and limits of production, dropped at the end of the test.
#[derive(Debug)]
pub struct TestDb {
    service: String,
    name: String,
    /// The server's administrator URL.
    server_url: String,
}

impl TestDb {
    /// A fresh database for `service` in the PostgreSQL of this test binary.
    ///
    /// The first test of a service makes a template: roles, schema, and what `migrate` does with
    /// the owner's URL. Every test gets a copy of it. `migrate` may block; see [`run_migrations`].
    pub fn start(service: &str, migrate: impl FnOnce(&str) + Send) -> Self {
        let server_url = shared_postgres().url();
        Self::copy_of(
            &template(service, &server_url, migrate),
            service,
            server_url,
        )
    }

    /// As [`TestDb::start`], in a server that the test may kill.
    pub fn start_on(
        server: &PrivatePostgres,
        service: &str,
        migrate: impl FnOnce(&str) + Send,
    ) -> Self {
        let server_url = server.url();
        let name = fresh_name(service);
        make_database(&server_url, &name, None, service);
        // Test servers answer before they have written; one that is killed must not forget what it
        // has acknowledged, or it would be less reliable than production.
        execute(
            &server_url,
            &[&format!(
                "ALTER DATABASE {name} SET synchronous_commit = on"
            )],
        );
        migrate_in_thread(
            &with_database(&server_url, &name, &owner_of(service)),
            migrate,
        );
        Self {
            service: service.to_owned(),
            name,
            server_url,
        }
    }

    fn copy_of(template: &str, service: &str, server_url: String) -> Self {
        let name = fresh_name(service);
        make_database(&server_url, &name, Some(template), service);
        Self {
            service: service.to_owned(),
            name,
            server_url,
        }
    }

    /// The URL of the runtime role: what `<SERVICE>__DATABASE__URL` is in production.
    pub fn url(&self) -> String {
        with_database(&self.server_url, &self.name, &self.service)
    }

    /// The URL of the role that owns the schema and migrates.
    pub fn owner_url(&self) -> String {
        with_database(&self.server_url, &self.name, &owner_of(&self.service))
    }

    /// The administrator's URL of this database.
    pub fn admin_url(&self) -> String {
        with_database(&self.server_url, &self.name, "postgres")
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        // Best effort, and not waited for: the whole server goes with the test binary.
        let url = self.server_url.clone();
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        std::thread::spawn(move || {
            blocking::run(|| async move { try_execute(&url, &[&sql]).await })
        });
    }
}

/// Runs a service's embedded migrations; call it from `migrate` of [`TestDb::start`].
///
/// # Panics
/// If a migration fails.
pub fn run_migrations(owner_url: &str, migrations: EmbeddedMigrations) {
    blocking::run(|| async move {
        let conn = AsyncPgConnection::establish(owner_url)
            .await
            .expect("the owner can connect");
        let mut harness = AsyncMigrationHarness::new(conn);
        if let Err(error) = harness.run_pending_migrations(migrations) {
            panic!("a migration failed: {error}");
        }
    });
}

/// The name of the service's template, made by whoever comes first; the others wait.
fn template(service: &str, server_url: &str, migrate: impl FnOnce(&str) + Send) -> String {
    static TEMPLATES: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let mut templates = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = templates.get(service) {
        return name.clone();
    }
    // Named afresh, so that a migration that failed in one test does not spoil the next attempt.
    let name = fresh_name(&format!("template_{service}"));
    make_database(server_url, &name, None, service);
    migrate_in_thread(
        &with_database(server_url, &name, &owner_of(service)),
        migrate,
    );
    templates.insert(service.to_owned(), name.clone());
    name
}

/// Outside the caller's runtime, in which one may not block or start another.
fn migrate_in_thread(owner_url: &str, migrate: impl FnOnce(&str) + Send) {
    std::thread::scope(|scope| {
        if let Err(panic) = scope.spawn(|| migrate(owner_url)).join() {
            std::panic::resume_unwind(panic);
        }
    });
}

fn make_database(server_url: &str, name: &str, template: Option<&str>, service: &str) {
    let create = match template {
        Some(template) => format!("CREATE DATABASE {name} TEMPLATE {template}"),
        None => format!("CREATE DATABASE {name}"),
    };
    execute(server_url, &[&create]);
    let shut = roles::database_sql(name).expect("a plain name");
    if template.is_some() {
        // Who may connect is the one thing that a copy does not inherit.
        let connect = roles::connect_sql(service, name).expect("a plain name");
        execute(
            &with_database(server_url, name, "postgres"),
            &[&shut, &connect],
        );
    } else {
        let extensions = roles::extensions_of(service);
        let roles = ServiceRoles {
            service,
            owner_password: None,
            password: None,
            extensions,
        };
        let bootstrap = roles.bootstrap_sql(name).expect("a plain name");
        execute(
            &with_database(server_url, name, "postgres"),
            &[&shut, &bootstrap],
        );
    }
}

fn execute(url: &str, scripts: &[&str]) {
    let outcome = blocking::run(|| try_execute(url, scripts));
    if let Err(error) = outcome {
        panic!("{scripts:?} failed: {error:?}");
    }
}

async fn try_execute(url: &str, scripts: &[&str]) -> Result<(), tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driver = tokio::spawn(connection);
    for script in scripts {
        client.batch_execute(script).await?;
    }
    drop(client);
    // Waits for the connection to be closed: a template may have none open.
    let _ = driver.await;
    Ok(())
}

fn owner_of(service: &str) -> String {
    format!("{service}_owner")
}

fn fresh_name(service: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("{service}_{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// `postgres://postgres@host:port/postgres` with another role and database.
fn with_database(server_url: &str, database: &str, role: &str) -> String {
    let (_, rest) = server_url.split_once('@').expect("a URL with a role");
    let (host, _) = rest.split_once('/').expect("a URL with a database");
    format!("postgres://{role}@{host}/{database}")
}
