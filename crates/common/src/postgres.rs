//! Where PostgreSQL is, and whether what is said on the way is encrypted.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::form_urlencoded;

use crate::authorities;

/// What a connection string gets where it sets none itself: connecting takes at most 2 s, and a server that stopped
/// acknowledging is given up after 5 s (tokio-postgres `Config`).
const DEADLINES: [(&str, &str); 5] = [
    ("connect_timeout", "2"),
    ("tcp_user_timeout", "5"),
    ("keepalives_idle", "5"),
    ("keepalives_interval", "2"),
    ("keepalives_retries", "2"),
];

/// What drives a [`Client`], and ends with it.
pub type Driver =
    tokio_postgres::Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// A server and a database on it.
#[derive(Clone)]
pub struct Address {
    config: Config,
    tls: MakeRustlsConnect,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The connection string is not one. What in it is wrong may be a part of the password, and is not said.
    #[error("it is no connection string of PostgreSQL")]
    Url,
    /// `sslmode` says something that libpq does not know.
    #[error("there is no such sslmode")]
    Mode,
    /// `sslrootcert` names authorities for a connection that would not be encrypted.
    #[error("it names sslrootcert, and its sslmode encrypts nothing")]
    Open,
    /// The certificates that `sslrootcert` or the system has cannot be read, or are none.
    #[error("no certificate authority to check the database by: {0}")]
    Authorities(String),
    /// The server is away, or it, its certificate or our password is refused.
    #[error("{}", with_causes(.0))]
    Refused(#[from] tokio_postgres::Error),
}

impl Address {
    /// Reads `postgres://user:password@host:port/database?…` and adds deadlines.
    ///
    /// With `sslmode=require`, `verify-ca` or `verify-full` the connection is encrypted and the server's certificate is checked,
    /// its name included (libpq does that for the last of them only). With `disable`, `allow`, `prefer` or none it is not
    /// encrypted, and `sslrootcert`, a file of the authorities that are trusted in place of the system's, is refused.
    ///
    /// # Errors
    /// All but [`ConnectError::Refused`].
    pub fn parse(url: &str) -> Result<Self, ConnectError> {
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut file, mut options) = (String::new(), None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            // In a form, which this is not, a `+` would be a space.
            let plain = pair.replace('+', "%2B");
            match form_urlencoded::parse(plain.as_bytes()).next() {
                Some((key, value)) if key == "sslmode" => mode = value.into_owned(),
                Some((key, value)) if key == "sslrootcert" => file = Some(value.into_owned()),
                _ => options.push(pair.to_owned()),
            }
        }
        for (key, value) in DEADLINES {
            if !query.contains(key) {
                options.push(format!("{key}={value}"));
            }
        }
        let config: Config = format!("{place}?{}", options.join("&"))
            .parse()
            .map_err(|_unsaid| ConnectError::Url)?;
        Self::new(config, is_encrypted(&mode)?, file.as_deref())
    }

    fn new(
        mut config: Config,
        is_encrypted: bool,
        file: Option<&str>,
    ) -> Result<Self, ConnectError> {
        config.ssl_mode(if is_encrypted {
            SslMode::Require
        } else {
            SslMode::Disable
        });
        let trusted = match (is_encrypted, file) {
            (false, None) => Ok(RootCertStore::empty()),
            (false, Some(_)) => return Err(ConnectError::Open),
            (true, None) => authorities::trusting_the_systems(),
            (true, Some(file)) => {
                authorities::read(Path::new(file)).and_then(|pem| authorities::trusting(&pem))
            }
        };
        let trusted = trusted.map_err(ConnectError::Authorities)?;
        let tls =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(|error| ConnectError::Authorities(error.to_string()))?
                .with_root_certificates(trusted)
                .with_no_client_auth();
        Ok(Self {
            config,
            tls: MakeRustlsConnect::new(tls),
        })
    }

    /// Another database on the same server.
    #[must_use]
    pub fn with_database(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.config.dbname(name);
        other
    }

    /// The same database as somebody else sees it.
    #[must_use]
    pub fn with_login(&self, user: &str, password: &str) -> Self {
        let mut other = self.clone();
        other.config.user(user).password(password);
        other
    }

    /// Makes a connection.
    ///
    /// # Errors
    /// [`ConnectError::Refused`].
    pub async fn connect(&self) -> Result<(Client, Driver), ConnectError> {
        Ok(self.config.connect(self.tls.clone()).await?)
    }
}

impl FromStr for Address {
    type Err = ConnectError;

    fn from_str(url: &str) -> Result<Self, ConnectError> {
        Self::parse(url)
    }
}

/// Makes a connection to where a connection string leads: see [`Address::parse`].
///
/// # Errors
/// All of [`ConnectError`].
pub async fn connect(url: &str) -> Result<(Client, Driver), ConnectError> {
    Address::parse(url)?.connect().await
}

/// What libpq's `sslmode` means here; nothing, if it is not said.
fn is_encrypted(mode: &str) -> Result<bool, ConnectError> {
    match mode {
        "require" | "verify-ca" | "verify-full" => Ok(true),
        "" | "disable" | "allow" | "prefer" => Ok(false),
        _ => Err(ConnectError::Mode),
    }
}

/// tokio-postgres says "error performing TLS handshake" and keeps why to itself.
fn with_causes(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::database::DatabaseSettings;
    use crate::settings::Reader;

    fn read(url: &str) -> Config {
        Address::parse(url).unwrap().config
    }

    #[test]
    fn deadlines_are_those_of_the_url_and_else_ours() {
        let config = read("postgres://auth:p%40ss@db:5433/agape?connect_timeout=9");
        assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(9)));
        assert_eq!(config.get_tcp_user_timeout(), Some(&Duration::from_secs(5)));
        assert_eq!(config.get_password(), Some(b"p@ss".as_slice()));
        let config = read("postgres://auth@db/agape");
        assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(2)));
    }

    #[test]
    fn options_of_the_server_are_left_as_they_are() {
        let config =
            read("postgres://auth@db/agape?options=-c%20work_mem%3D8MB&application_name=a+b");
        assert_eq!(config.get_options(), Some("-c work_mem=8MB"));
        assert_eq!(config.get_application_name(), Some("a+b"));
    }

    #[test]
    fn what_is_no_url_of_postgresql_is_refused() {
        for url in [
            "",
            "redis://db",
            "postgres://db/agape?sslmod=require",
            "postgres://db:x/agape",
        ] {
            assert!(Address::parse(url).is_err(), "{url}");
        }
        for options in [
            "sslmode=verify-ful",
            "sslrootcert=/ca.pem",
            "sslmode=prefer&sslrootcert=/ca.pem",
        ] {
            let url = format!("postgres://db/agape?{options}");
            assert!(Address::parse(&url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_url_that_cannot_be_used_stops_the_start_and_is_not_told() {
        let pairs = [("AUTH__DATABASE__URL", "postgres://auth:hush@db:hush/agape")];
        let mut read = Reader::from_pairs("auth", pairs);
        let settings = DatabaseSettings::read(&mut read);
        let error = read.finish(settings).unwrap_err();
        let problem =
            "AUTH__DATABASE__URL cannot be used: it is no connection string of PostgreSQL";
        assert_eq!(error.problems(), [problem]);
    }
}
