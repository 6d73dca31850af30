//! The database roles and schemas of the services: made once, by an administrator, again and
//! again without harm.
//!
//! Each service has two roles. `<service>_owner` owns the schema and migrates it; `<service>` is
//! what the service runs as and may only read and write rows. Neither sees another's schema.

mod sql;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use common::postgres::Address;
use tokio_postgres::Client;

use crate::keys::RolePasswords;
pub use sql::DATABASE;

/// Held while roles are made; the number means nothing else on the server.
const LOCK: i64 = 0x6167_6170_6500;

/// What came of a bootstrap.
#[derive(Debug)]
pub enum Outcome {
    /// Roles and schemas are as they should be.
    Done,
    /// The administrator's role may not make roles: this SQL is for somebody who may.
    NeedsAdministrator(String),
}

/// Makes roles, schemas, privileges and time limits on the server at `admin_url`.
///
/// # Errors
/// The server cannot be reached, or refuses a statement.
pub async fn run(admin_url: &str, passwords: &BTreeMap<String, RolePasswords>) -> Result<Outcome> {
    let server: Address = admin_url
        .parse()
        .context("the administrator's URL is not valid")?;
    let admin = connect(&server).await?;
    let may = rights(&admin).await?;
    let has_database = has_database(&admin).await?;
    if !may.make_roles || !(may.make_databases || has_database) {
        if has_database && is_complete(&server, passwords).await {
            return Ok(Outcome::Done);
        }
        return Ok(Outcome::NeedsAdministrator(sql::for_a_person(
            has_database,
            passwords,
        )));
    }
    // Two replicas of a deployment may run this at the same time.
    admin
        .query_one("select pg_advisory_lock($1)", &[&LOCK])
        .await?;
    if !has_database {
        admin
            .batch_execute(&sql::create_database())
            .await
            .context("cannot make the database")?;
    }
    let inside = connect(&server.with_database(DATABASE)).await?;
    for (service, pair) in passwords {
        inside
            .batch_execute(&sql::for_service(service, pair))
            .await
            .with_context(|| format!("cannot prepare the schema of {service}"))?;
    }
    admin
        .batch_execute(&sql::close_database())
        .await
        .context("cannot close the database")?;
    Ok(Outcome::Done)
}

/// Whether somebody else has made everything already, with these passwords.
async fn is_complete(server: &Address, passwords: &BTreeMap<String, RolePasswords>) -> bool {
    for (service, pair) in passwords {
        for (role, password) in [
            (format!("{service}_owner"), &pair.owner),
            (service.clone(), &pair.runtime),
        ] {
            let login = server.with_login(&role, password).with_database(DATABASE);
            if check_login(&login, service).await.is_err() {
                return false;
            }
        }
    }
    true
}

/// Says whether a role can log in with its password and has its schema.
///
/// # Errors
/// It cannot; the error says why.
pub async fn check_role(url: &str, schema: &str) -> Result<()> {
    check_login(&url.parse().context("the URL is not valid")?, schema).await
}

async fn check_login(login: &Address, schema: &str) -> Result<()> {
    let client = connect(login).await?;
    let row = client
        .query_one("select coalesce(current_schema(), '')", &[])
        .await?;
    let current: String = row.try_get(0)?;
    anyhow::ensure!(current == schema, "the schema {schema} is missing");
    Ok(())
}

/// Connects and asks the server for its version, for `agape doctor`.
///
/// # Errors
/// The server cannot be reached.
pub async fn server_version(url: &str) -> Result<String> {
    let client = connect(&url.parse().context("the URL is not valid")?).await?;
    Ok(client
        .query_one("show server_version", &[])
        .await?
        .try_get(0)?)
}

/// The services' tables with something in them, as SQL names them.
const FILLED: &str = "SELECT format('%I.%I', n.nspname, c.relname)
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' AND pg_relation_size(c.oid) > 0";

/// Has the server at `admin_url` count anew what is in the services' tables, and tidy them.
///
/// Empty tables are left out: PostgreSQL would believe that they stay so, and plan for that until many rows later; of a table that
/// was never counted it expects some.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub async fn analyze(admin_url: &str) -> Result<()> {
    let admin = inside(admin_url).await?;
    let rows = admin.query(FILLED, &[]).await?;
    let tables: Vec<String> = rows
        .iter()
        .map(|row| row.try_get(0))
        .collect::<Result<_, _>>()?;
    if tables.is_empty() {
        return Ok(());
    }
    let statement = format!("VACUUM (ANALYZE) {}", tables.join(", "));
    Ok(admin.batch_execute(&statement).await?)
}

/// Connects to the services' database on the server at `admin_url`.
///
/// # Errors
/// The server cannot be reached.
pub(crate) async fn inside(admin_url: &str) -> Result<Client> {
    let server: Address = admin_url
        .parse()
        .context("the administrator's URL is not valid")?;
    connect(&server.with_database(DATABASE)).await
}

async fn connect(address: &Address) -> Result<Client> {
    let (client, connection) = address
        .connect()
        .await
        .context("PostgreSQL cannot be reached")?;
    // The task ends with the client; what goes wrong in it shows in the client's next call.
    tokio::spawn(connection);
    Ok(client)
}

struct Rights {
    make_roles: bool,
    make_databases: bool,
}

async fn rights(admin: &Client) -> Result<Rights> {
    let row = admin
        .query_one(
            "select rolsuper or rolcreaterole, rolsuper or rolcreatedb \
             from pg_roles where rolname = current_user",
            &[],
        )
        .await?;
    Ok(Rights {
        make_roles: row.try_get(0)?,
        make_databases: row.try_get(1)?,
    })
}

async fn has_database(admin: &Client) -> Result<bool> {
    let found = admin
        .query("select 1 from pg_database where datname = $1", &[&DATABASE])
        .await?;
    Ok(!found.is_empty())
}
