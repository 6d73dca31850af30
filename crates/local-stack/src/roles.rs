//! The SQL that gives a service its schema and its two roles.
//!
//! Only text is made here: `agape bootstrap` runs it, or prints it for a database administrator
//! where it may not make roles, and the tests make their template databases with the same text.
//! Every script may be run again and changes nothing then.

/// How long a statement of a service may run; a report sets its own limit.
pub const STATEMENT_TIMEOUT: &str = "5s";

/// How long a statement waits for a lock before it gives up, also in a migration, so that one
/// waiting for an exclusive lock does not queue the whole shop behind it.
pub const LOCK_TIMEOUT: &str = "2s";

/// How long a transaction may do nothing before its connection is closed.
pub const IDLE_IN_TRANSACTION_TIMEOUT: &str = "10s";

/// One service's place in the database.
#[derive(Debug, Clone, Copy)]
pub struct ServiceRoles<'a> {
    /// The service's name, which is its schema's and its runtime role's too.
    pub service: &'a str,
    /// Logs in as the owner of the schema; `None` leaves the password as it is.
    pub owner_password: Option<&'a str>,
    /// Logs in as the runtime role; `None` leaves the password as it is.
    pub password: Option<&'a str>,
    /// Extensions that the service uses; they live in the schema `extensions`.
    pub extensions: &'a [&'a str],
}

/// The extensions that a service uses.
#[must_use]
pub fn extensions_of(service: &str) -> &'static [&'static str] {
    match service {
        // Typo-tolerant search.
        "catalog" => &["pg_trgm"],
        _ => &[],
    }
}

/// Why no SQL was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RolesError {
    /// The name cannot be a schema, a role and a settings prefix at once.
    #[error("`{0}` is not a name of lower-case letters, digits and underscores")]
    Name(String),
}

impl ServiceRoles<'_> {
    /// The script that makes the service's roles and schema in `database`, to be run by a
    /// superuser or a role with CREATEROLE that may create schemas there.
    ///
    /// # Errors
    /// A name that is not one.
    pub fn bootstrap_sql(&self, database: &str) -> Result<String, RolesError> {
        let service = checked(self.service)?;
        let owner = format!("{service}_owner");
        let mut sql = String::from(
            "-- One at a time: roles belong to the whole server.\n\
             SELECT pg_advisory_xact_lock(hashtextextended('agape bootstrap', 0));\n",
        );
        for (role, password) in [
            (owner.as_str(), self.owner_password),
            (service, self.password),
        ] {
            sql.push_str(&make_role(role, password, database));
        }
        sql.push_str(&self.make_schema(service, &owner)?);
        sql.push_str(&limits(service, &owner));
        Ok(sql)
    }

    fn make_schema(&self, service: &str, owner: &str) -> Result<String, RolesError> {
        let mut path = service.to_owned();
        let mut sql = format!(
            "CREATE SCHEMA IF NOT EXISTS {service} AUTHORIZATION {owner};\n\
             REVOKE ALL ON SCHEMA {service} FROM PUBLIC;\n\
             GRANT USAGE ON SCHEMA {service} TO {service};\n\
             ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {service} \
             GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {service};\n\
             ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {service} \
             GRANT USAGE, SELECT ON SEQUENCES TO {service};\n"
        );
        if !self.extensions.is_empty() {
            path.push_str(", extensions");
            sql.push_str("CREATE SCHEMA IF NOT EXISTS extensions;\n");
            for extension in self.extensions {
                let extension = checked(extension)?;
                let make =
                    format!("CREATE EXTENSION IF NOT EXISTS {extension} SCHEMA extensions;\n");
                sql.push_str(&make);
            }
            sql.push_str(&format!(
                "GRANT USAGE ON SCHEMA extensions TO {service}, {owner};\n"
            ));
        }
        for role in [service, owner] {
            sql.push_str(&format!("ALTER ROLE {role} SET search_path = {path};\n"));
        }
        Ok(sql)
    }
}

/// The script that shuts `database` to everybody who is not let in by name.
///
/// # Errors
/// A name that is not one.
pub fn database_sql(database: &str) -> Result<String, RolesError> {
    let database = checked(database)?;
    Ok(format!(
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC;\nREVOKE ALL ON SCHEMA public FROM PUBLIC;\n"
    ))
}

/// The statement that lets a service's two roles into `database`.
///
/// # Errors
/// A name that is not one.
pub fn connect_sql(service: &str, database: &str) -> Result<String, RolesError> {
    let (service, database) = (checked(service)?, checked(database)?);
    Ok(format!(
        "GRANT CONNECT ON DATABASE {database} TO {service}, {service}_owner;\n"
    ))
}

fn make_role(role: &str, password: Option<&str>, database: &str) -> String {
    let mut sql = format!(
        "DO $$ BEGIN\n    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN\n        \
         CREATE ROLE {role} LOGIN;\n    END IF;\n\
         \x20   -- Who is not a superuser makes schemas for a role only as its member.\n\
         \x20   IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN\n        \
         EXECUTE format('GRANT {role} TO %I', current_user);\n    END IF;\nEND $$;\n"
    );
    if let Some(password) = password {
        sql.push_str(&format!(
            "ALTER ROLE {role} PASSWORD {};\n",
            literal(password)
        ));
    }
    sql.push_str(&format!(
        "GRANT CONNECT ON DATABASE {database} TO {role};\n"
    ));
    sql
}

/// Set on the role and not on the database, so that a clone of the database keeps them.
fn limits(service: &str, owner: &str) -> String {
    let mut sql = String::new();
    for role in [service, owner] {
        for (setting, value) in [
            ("lock_timeout", LOCK_TIMEOUT),
            (
                "idle_in_transaction_session_timeout",
                IDLE_IN_TRANSACTION_TIMEOUT,
            ),
            // A killed client's query ends soon, and with it the locks that it holds.
            ("client_connection_check_interval", "2s"),
        ] {
            sql.push_str(&format!("ALTER ROLE {role} SET {setting} = '{value}';\n"));
        }
    }
    // A migration may take as long as it needs.
    sql.push_str(&format!(
        "ALTER ROLE {service} SET statement_timeout = '{STATEMENT_TIMEOUT}';\n"
    ));
    sql
}

fn checked(name: &str) -> Result<&str, RolesError> {
    let starts_well = name.starts_with(|first: char| first.is_ascii_lowercase());
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    // 63 bytes is PostgreSQL's limit; `_owner` must still fit.
    if starts_well && name.len() <= 57 && name.bytes().all(is_plain) {
        Ok(name)
    } else {
        Err(RolesError::Name(name.to_owned()))
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_need_quoting_is_refused() {
        for name in ["", "Orders", "orders; drop", "1st", "a-b", "a\"b"] {
            let roles = ServiceRoles {
                service: name,
                owner_password: None,
                password: None,
                extensions: &[],
            };
            assert_eq!(
                roles.bootstrap_sql("agape"),
                Err(RolesError::Name(name.to_owned()))
            );
        }
    }

    #[test]
    fn a_quote_in_a_password_stays_inside_it() {
        let roles = ServiceRoles {
            service: "orders",
            owner_password: None,
            password: Some("it's"),
            extensions: &[],
        };
        let sql = roles.bootstrap_sql("agape").unwrap();
        assert!(sql.contains("ALTER ROLE orders PASSWORD 'it''s';"), "{sql}");
        assert!(!sql.contains("ALTER ROLE orders_owner PASSWORD"), "{sql}");
    }

    #[test]
    fn extensions_come_after_the_own_schema_in_the_search_path() {
        let roles = ServiceRoles {
            service: "catalog",
            owner_password: None,
            password: None,
            extensions: &["pg_trgm"],
        };
        let sql = roles.bootstrap_sql("agape").unwrap();
        assert!(
            sql.contains("ALTER ROLE catalog SET search_path = catalog, extensions;"),
            "{sql}"
        );
    }
}
