//! Settings. Every variable begins with `AUTH__`; groups that every service has are described where they are read
//! (`common`). Those of this service:
//!
//! | variable | default | meaning |
//! |---|---|---|
//! | `DATABASE__URL`, `REDIS__URL` | required | where PostgreSQL (as role `auth`) and Redis are |
//! | `AMQP__URL` | required | where RabbitMQ is |
//! | `REDIS__CA_FILE`, `AMQP__CA_FILE` | the system's authorities | whom to believe that an encrypted connection leads there |
//! | `AMQP__PREFIX` | empty | what the names of exchanges and queues begin with |
//! | `EVENTS__DEPLOYED` | required | the services that run in this shop, comma-separated: events they hear must reach their queues |
//! | `DATABASE__OWNER_URL` | for `migrate` only | PostgreSQL as role `auth_owner` |
//! | `FILE_KEY__FILE` | required | file with 32 bytes in base64: seals signing keys and short-lived secrets |
//! | `PII__KEYS_FILE` | required | file with the keys that seal personal data, and the key of their blind index |
//! | `SERVICE_KEY__FILE`, `SERVICE_KEYS__FILE` | required | this service's key, and the public keys of all |
//! | `LOG_HASH__KEY_FILE` | required | key of the hash that stands for a user in logs |
//! | `ENVIRONMENT` | `development` | `production` refuses to seed |
//! | `PUBLIC_URL` | `http://localhost:3000` | where people reach the shop: mailed links begin with it |
//! | `ORIGINS` | that URL, and the same on `127.0.0.1` | web pages that may refresh a session, comma-separated |
//! | `RATE_LIMIT__ACCOUNT` | 5 | logins, registrations, resets and codes per minute and account |
//! | `HASHING__AT_ONCE`, `HASHING__WAITING`, `HASHING__WAIT_MS` | 2, 100, 3000 | the password pool |
//! | `UPSTREAMS__<SERVICE>__URL` | `http://127.0.0.1:<port>` | where deployed services are whose data an export holds and that confirm erasures |
//! | `HOST`, `PORT`, `OPS_HOST`, `OPS_PORT`, `WORKERS`, `DRAIN_MS` | ports 3001 and 9091 | HTTP |
//! | `LOG__LEVEL`, `OTLP__ENDPOINT`, `OTLP__SAMPLE_PERCENT` | `info`, none, 100 | logs and traces |
//! | `TOKENS__ISSUER`, `TOKENS__AUDIENCE` | `agape`, `agape-api` | written into tokens and expected in them |
//! | `TOKENS__REQUIRE_STAFF_2FA` | `true` | staff permissions need a session with a second factor |

use chassis::ServiceSettings;
use common::crypto::{Sealer, decode_key};
use common::redis::RedisSettings;
use common::settings::{Reader, SettingsError};
use url::Url;

use crate::clients::personal_data::PrivacySettings;
use crate::hashing::HashingSettings;

/// The port clients reach.
pub const DEFAULT_PORT: u16 = 3001;
/// The port operators reach.
pub const DEFAULT_OPS_PORT: u16 = 9091;

/// What the process is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Real people's data.
    Production,
    /// Anything else.
    Development,
}

/// Everything the service can be told.
#[derive(Debug)]
pub struct Settings {
    /// What the process is part of.
    pub environment: Environment,
    /// What every service has.
    pub service: ServiceSettings,
    /// Redis.
    pub redis: RedisSettings,
    /// The password pool.
    pub hashing: HashingSettings,
    /// Which other services hold personal data.
    pub privacy: PrivacySettings,
    /// Where people reach the shop.
    pub public_url: Url,
    /// Origins of web pages that may refresh a session.
    pub origins: Vec<String>,
    /// Logins, registrations, resets and codes per minute and account.
    pub account_limit: u32,
    /// Content of the file key.
    pub file_key: Vec<u8>,
    /// Content of the file with the keys of personal data.
    pub pii_keys: Vec<u8>,
}

impl Settings {
    /// Reads everything.
    ///
    /// # Errors
    /// With everything that is missing or wrong.
    pub fn read(mut read: Reader) -> Result<Self, SettingsError> {
        let environment = match read.text("environment", "development").as_str() {
            "production" => Environment::Production,
            "development" => Environment::Development,
            _ => {
                read.problem("environment", "must be production or development");
                Environment::Production
            }
        };
        let file_key = read_file_key(&mut read);
        let pii_keys = read_pii_keys(&mut read);
        let public_url = read.url("public_url", Some("http://localhost:3000"));
        let origins = read.list("origins", &[]);
        let ports = (DEFAULT_PORT, DEFAULT_OPS_PORT);
        let service = ServiceSettings::read(&mut read, "auth", ports);
        let settings = Self {
            environment,
            redis: RedisSettings::read(&mut read),
            hashing: HashingSettings::read(&mut read),
            privacy: PrivacySettings::read(&mut read, &service.amqp.deployed),
            service,
            origins: if origins.is_empty() {
                own_origins(&public_url)
            } else {
                origins
            },
            public_url,
            account_limit: read.number("rate_limit.account", 5, 1, 1_000_000),
            file_key,
            pii_keys,
        };
        read.finish(settings)
    }
}

fn read_file_key(read: &mut Reader) -> Vec<u8> {
    let bytes = read.secret_file("file_key.file");
    let key = std::str::from_utf8(&bytes)
        .ok()
        .and_then(|text| decode_key(text).ok());
    if key.is_none() && !bytes.is_empty() {
        read.problem("file_key.file", "does not hold 32 bytes in base64");
    }
    key.unwrap_or_default()
}

fn read_pii_keys(read: &mut Reader) -> Vec<u8> {
    let bytes = read.secret_file("pii.keys_file");
    if !bytes.is_empty() && Sealer::from_key_file(&bytes).is_err() {
        read.problem("pii.keys_file", "is not a key file");
    }
    bytes
}

/// The shop's own pages; on a developer's machine they are reached by name and by address.
fn own_origins(public_url: &Url) -> Vec<String> {
    let mut origins = vec![public_url.origin().ascii_serialization()];
    if public_url.host_str() == Some("localhost") {
        let mut by_address = public_url.clone();
        if by_address.set_host(Some("127.0.0.1")).is_ok() {
            origins.push(by_address.origin().ascii_serialization());
        }
    }
    origins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_start_lists_everything_that_is_missing() {
        let error = Settings::read(Reader::from_pairs("auth", [])).unwrap_err();
        for variable in [
            "AUTH__DATABASE__URL",
            "AUTH__REDIS__URL",
            "AUTH__AMQP__URL",
            "AUTH__EVENTS__DEPLOYED",
            "AUTH__FILE_KEY__FILE",
            "AUTH__PII__KEYS_FILE",
            "AUTH__SERVICE_KEY__FILE",
            "AUTH__LOG_HASH__KEY_FILE",
        ] {
            assert!(
                error.to_string().contains(variable),
                "{variable} in {error}"
            );
        }
    }

    #[test]
    fn pages_of_the_shop_itself_may_refresh() {
        let local = Url::parse("http://localhost:4000/shop").unwrap();
        assert_eq!(
            own_origins(&local),
            ["http://localhost:4000", "http://127.0.0.1:4000"]
        );
        let public = Url::parse("https://shop.example").unwrap();
        assert_eq!(own_origins(&public), ["https://shop.example"]);
    }
}
