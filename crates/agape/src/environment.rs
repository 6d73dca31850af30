//! The settings that a child process gets, by environment only.
//!
//! What the person set already (`GATEWAY__PORT=4000 make up`) is inherited and left alone.

mod vendors;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context, Result};
use common::service::Service;
use url::Url;

use crate::bootstrap::DATABASE;
use crate::given;
use crate::infrastructure::Urls;
use crate::keys::{Keys, RolePasswords};
use crate::services::{self, Deployed, Uses};
use crate::supervisor::sockets::{Place, Port};
use crate::tree::Tree;

/// The setting that holds the runtime role's connection string.
pub const RUNTIME_URL: &str = "DATABASE__URL";
/// The setting that holds the owner role's connection string.
pub const OWNER_URL: &str = "DATABASE__OWNER_URL";

/// Which of a service's two database roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Owns the schema and migrates it.
    Owner,
    /// Reads and writes rows.
    Runtime,
}

/// How long a process that was replaced goes on answering before it closes its connections. Its
/// answers say `Connection: close` meanwhile, so clients that are busy move to the new process.
const DRAIN_MS: &str = "300";

impl Role {
    /// The role's name in the database.
    #[must_use]
    pub fn name(self, service: &str) -> String {
        match self {
            Self::Owner => format!("{service}_owner"),
            Self::Runtime => service.to_owned(),
        }
    }
}

/// Variables of one child.
pub type Variables = Vec<(String, OsString)>;

/// The variable `<SERVICE>__<name>`.
#[must_use]
pub fn variable(service: &str, name: &str) -> String {
    format!("{}__{name}", service.to_uppercase())
}

/// Where a service's API listens: as the person set it, else on this machine only, at the
/// service's usual port.
///
/// # Errors
/// A variable is not an address or a port.
pub fn http_place(service: &Service) -> Result<Place> {
    place(service.name, ["HOST", "PORT"], service.default_port)
}

/// Where a service's health and metrics listen: as the person set it, else on this machine only,
/// at the service's usual port.
///
/// # Errors
/// A variable is not an address or a port.
pub fn ops_place(service: &Service) -> Result<Place> {
    place(
        service.name,
        ["OPS_HOST", "OPS_PORT"],
        service.default_ops_port,
    )
}

fn place(service: &str, [host, port]: [&str; 2], default_port: u16) -> Result<Place> {
    let host = given::parsed(&variable(service, host))?;
    let variable = variable(service, port);
    let number = given::parsed(&variable)?.unwrap_or(default_port);
    Ok(Place {
        host: host.unwrap_or(IpAddr::from(Ipv4Addr::LOCALHOST)),
        port: Port { number, variable },
    })
}

/// The connection string of one of a service's roles on the server at `admin_url`.
///
/// # Errors
/// The administrator's URL is not valid.
pub fn role_url(
    admin_url: &str,
    service: &str,
    role: Role,
    passwords: &RolePasswords,
) -> Result<String> {
    let mut url = Url::parse(admin_url).context("the administrator's URL is not valid")?;
    let password = match role {
        Role::Owner => &passwords.owner,
        Role::Runtime => &passwords.runtime,
    };
    let refused = |()| anyhow::anyhow!("the administrator's URL has no host");
    url.set_username(&role.name(service)).map_err(refused)?;
    url.set_password(Some(password)).map_err(refused)?;
    url.set_path(DATABASE);
    Ok(url.into())
}

/// What is known about this run, from which each child's settings are made.
#[derive(Debug)]
pub struct Environment {
    keys: Keys,
    urls: Urls,
    passwords: BTreeMap<String, RolePasswords>,
}

impl Environment {
    /// Reads the tree's keys; passwords that are missing are made.
    ///
    /// # Errors
    /// The key files cannot be read.
    pub fn of(tree: &Tree, urls: &Urls) -> Result<Self> {
        Self::with_keys(Keys::new(tree.keys()), urls)
    }

    /// The same with other keys than the tree's.
    ///
    /// # Errors
    /// The key files cannot be read.
    pub fn with_keys(keys: Keys, urls: &Urls) -> Result<Self> {
        let names: Vec<&str> = services::with_database()
            .map(|one| one.service.name)
            .collect();
        let passwords = keys.role_passwords(&names)?;
        Ok(Self {
            keys,
            urls: urls.clone(),
            passwords,
        })
    }

    /// What a migration needs: the owner's connection, nothing else.
    ///
    /// # Errors
    /// The administrator's URL is not valid.
    pub fn for_migration(&self, service: &str) -> Result<Variables> {
        let url = self.role_url(service, Role::Owner)?;
        Ok(not_given(vec![(variable(service, OWNER_URL), url.into())]))
    }

    /// What a running service, its seed and its key commands need.
    ///
    /// # Errors
    /// The administrator's URL, or a variable that the person set, is not valid.
    pub fn for_service(&self, deployed: &Deployed) -> Result<Variables> {
        let service = deployed.service;
        let (http, ops) = (http_place(service)?, ops_place(service)?);
        let mut variables: Variables = vec![
            ("HOST".to_owned(), http.host.to_string().into()),
            ("PORT".to_owned(), http.port.number.to_string().into()),
            ("OPS_HOST".to_owned(), ops.host.to_string().into()),
            ("OPS_PORT".to_owned(), ops.port.number.to_string().into()),
        ];
        variables.push(("DRAIN_MS".to_owned(), DRAIN_MS.into()));
        for group in deployed.uses {
            variables.extend(self.group(service.name, *group)?);
        }
        let named = |(name, value): (String, OsString)| (variable(service.name, &name), value);
        Ok(not_given(variables.into_iter().map(named).collect()))
    }

    fn group(&self, service: &str, group: Uses) -> Result<Variables> {
        let keys = &self.keys;
        let (name, value): (&str, OsString) = match group {
            Uses::Database => (RUNTIME_URL, self.role_url(service, Role::Runtime)?.into()),
            Uses::Redis => ("REDIS__URL", self.urls.redis.clone().into()),
            Uses::Broadcasts => ("AMQP__URL", self.urls.amqp.clone().into()),
            Uses::Amqp => {
                let names: Vec<&str> = services::with_database()
                    .map(|one| one.service.name)
                    .collect();
                let deployed = ("EVENTS__DEPLOYED".to_owned(), names.join(",").into());
                let others = services::with_database().filter(|one| one.service.name != service);
                let upstreams = others.map(|other| upstream(other, &["URL"]));
                let upstreams = upstreams.collect::<Result<Vec<_>>>()?.concat();
                let broker = self.group(service, Uses::Broadcasts)?;
                return Ok([broker, vec![deployed], upstreams].concat());
            }
            Uses::ServiceKeys => {
                let own = (
                    "SERVICE_KEY__FILE".to_owned(),
                    keys.service_key(service).into(),
                );
                let all = ("SERVICE_KEYS__FILE".to_owned(), keys.service_keys().into());
                return Ok(vec![own, all]);
            }
            Uses::Tokens => {
                let mut variables = upstream(services::get("auth")?, &["URL"])?;
                // Trying the admin API must not need a second device; production keeps the default.
                variables.push(("TOKENS__REQUIRE_STAFF_2FA".to_owned(), "false".into()));
                return Ok(variables);
            }
            Uses::PublicUrl => ("PUBLIC_URL", public_url()?.into()),
            Uses::EveryUpstream => {
                let others = services::ALL
                    .iter()
                    .filter(|other| other.service.name != service);
                let variables = others.map(|other| upstream(other, &["URL", "OPS_URL"]));
                return Ok(variables.collect::<Result<Vec<_>>>()?.concat());
            }
            Uses::LogHash => ("LOG_HASH__KEY_FILE", keys.log_hash().into()),
            Uses::FileKey => ("FILE_KEY__FILE", keys.file_key().into()),
            Uses::PiiKeys => ("PII__KEYS_FILE", keys.pii().into()),
            Uses::Resend => return vendors::resend(service, keys),
            Uses::ResendAccount => return vendors::resend_account(keys),
            Uses::Paystack => return vendors::paystack(service),
            Uses::PaystackAccount => return vendors::paystack_account(),
        };
        Ok(vec![(name.to_owned(), value)])
    }

    /// The connection string of one of a service's roles.
    ///
    /// # Errors
    /// The service has no schema, or the administrator's URL is not valid.
    pub fn role_url(&self, service: &str, role: Role) -> Result<String> {
        let passwords = self
            .passwords
            .get(service)
            .with_context(|| format!("{service} has no schema and no database role"))?;
        role_url(&self.urls.postgres, service, role, passwords)
    }
}

/// Where another service is: its API, its operations port, or both.
fn upstream(other: &Deployed, which: &[&str]) -> Result<Variables> {
    let name = other.service.name.to_uppercase();
    let address = |which: &&str| {
        let url = match *which {
            "OPS_URL" => ops_url(other.service)?,
            _ => base_url(other.service)?,
        };
        Ok((format!("UPSTREAMS__{name}__{which}"), url.into()))
    };
    which.iter().map(address).collect()
}

/// Where people reach the shop. By name, not by address: browsers treat `localhost` as secure.
fn public_url() -> Result<String> {
    let port = http_place(services::get("gateway")?.service)?.port;
    Ok(format!("http://localhost:{}", port.number))
}

/// Where a service's API is reached from this machine.
///
/// # Errors
/// A variable that the person set is not valid.
pub fn base_url(service: &Service) -> Result<String> {
    Ok(reachable(&http_place(service)?))
}

/// Where a service's health and metrics are reached from this machine.
///
/// # Errors
/// A variable that the person set is not valid.
pub fn ops_url(service: &Service) -> Result<String> {
    Ok(reachable(&ops_place(service)?))
}

/// A service that listens everywhere is reached as this machine.
fn reachable(place: &Place) -> String {
    let everywhere = place.host.is_unspecified();
    let host = if everywhere {
        IpAddr::from(Ipv4Addr::LOCALHOST)
    } else {
        place.host
    };
    format!("http://{}", SocketAddr::from((host, place.port.number)))
}

fn not_given(variables: Variables) -> Variables {
    variables
        .into_iter()
        .filter(|(name, _)| given::variable(name).is_none())
        .collect()
}

/// The program that is running, for starting more of itself.
///
/// Taken once at the start: a rebuild replaces the file, and a later start must find the new one
/// at the same path.
///
/// # Errors
/// The system does not say.
pub fn own_program() -> Result<PathBuf> {
    std::env::current_exe().context("the running program cannot be found")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roles_url_keeps_the_server_and_changes_everything_else() {
        let passwords = RolePasswords {
            owner: "oo".to_owned(),
            runtime: "rr".to_owned(),
        };
        let admin = "postgres://boss:secret@db.example:6432/postgres?sslmode=disable";
        assert_eq!(
            role_url(admin, "auth", Role::Owner, &passwords).unwrap(),
            "postgres://auth_owner:oo@db.example:6432/agape?sslmode=disable"
        );
        assert_eq!(
            role_url(admin, "auth", Role::Runtime, &passwords).unwrap(),
            "postgres://auth:rr@db.example:6432/agape?sslmode=disable"
        );
    }
}
