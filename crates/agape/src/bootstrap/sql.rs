//! The statements themselves. They run through a plain client and through `psql` alike, and
//! running them again changes nothing but the passwords, to what they already are.
//!
//! Names of services and passwords are ours (letters, digits), so nothing needs quoting.

use std::collections::BTreeMap;

use local_stack::roles::extensions_of;

use crate::keys::RolePasswords;

/// The database that holds every service's schema.
pub const DATABASE: &str = "agape";

pub(super) fn create_database() -> String {
    format!("CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING 'UTF8'")
}

/// Nobody but the services' roles has business in this database.
pub(super) fn close_database() -> String {
    format!(
        "REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;\n\
         REVOKE ALL ON SCHEMA public FROM PUBLIC;\n"
    )
}

pub(super) fn for_service(service: &str, passwords: &RolePasswords) -> String {
    let owner = format!("{service}_owner");
    let mut sql = String::new();
    sql += &role(&owner, &passwords.owner);
    sql += &role(service, &passwords.runtime);
    sql += &format!(
        "\
-- A creator who is no superuser must be a member to make things in the owner's name.
GRANT {owner} TO CURRENT_USER;
CREATE SCHEMA IF NOT EXISTS {service} AUTHORIZATION {owner};
GRANT CONNECT ON DATABASE {DATABASE} TO {owner}, {service};
GRANT USAGE ON SCHEMA {service} TO {service};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {service}
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {service};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {service}
  GRANT USAGE ON SEQUENCES TO {service};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {service}
  GRANT EXECUTE ON FUNCTIONS TO {service};
"
    );
    let path = extensions(service, &owner, &mut sql);
    // A migration may run long, but it must not queue for a lock behind which everybody waits.
    sql += &settings(
        &owner,
        &path,
        &[("statement_timeout", "0"), ("lock_timeout", "2s")],
    );
    sql += &settings(
        service,
        &path,
        &[
            ("statement_timeout", "5s"),
            ("lock_timeout", "2s"),
            ("idle_in_transaction_session_timeout", "10s"),
            // A client that is gone must not keep its locks until its statement ends.
            ("client_connection_check_interval", "2s"),
        ],
    );
    sql
}

/// The whole as a script for a database administrator.
pub(super) fn for_a_person(
    has_database: bool,
    passwords: &BTreeMap<String, RolePasswords>,
) -> String {
    let mut script = String::from("-- Run with psql as a role that may make roles.\n");
    if !has_database {
        script += &format!("{};\n", create_database());
    }
    script += &format!("\\connect {DATABASE}\n");
    for (service, pair) in passwords {
        script += &for_service(service, pair);
    }
    script += &close_database();
    script
}

fn role(name: &str, password: &str) -> String {
    format!(
        "\
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN
    CREATE ROLE {name} LOGIN;
  END IF;
END $$;
ALTER ROLE {name} PASSWORD '{password}';
"
    )
}

/// Adds what makes the service's extensions; answers where its roles look names up.
fn extensions(service: &str, owner: &str, sql: &mut String) -> String {
    let wanted = extensions_of(service);
    if wanted.is_empty() {
        return service.to_owned();
    }
    *sql += "CREATE SCHEMA IF NOT EXISTS extensions;\n";
    for extension in wanted {
        *sql += &format!("CREATE EXTENSION IF NOT EXISTS {extension} SCHEMA extensions;\n");
    }
    *sql += &format!("GRANT USAGE ON SCHEMA extensions TO {service}, {owner};\n");
    format!("{service}, extensions")
}

fn settings(role: &str, path: &str, values: &[(&str, &str)]) -> String {
    let mut sql = format!("ALTER ROLE {role} IN DATABASE {DATABASE} SET search_path = {path};\n");
    for (name, value) in values {
        sql += &format!("ALTER ROLE {role} IN DATABASE {DATABASE} SET {name} = '{value}';\n");
    }
    sql
}
