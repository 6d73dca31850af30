//! The services that exist, in the order of their ports. A new service is one entry here.

use anyhow::{Context, Result};
use common::service::Service;

/// A service, and the settings that it is given beside its ports.
pub struct Deployed {
    /// What the service's crate says about itself.
    pub service: &'static Service,
    /// What it reads; a service refuses settings that it does not know.
    pub uses: &'static [Uses],
}

/// A group of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uses {
    /// Its schema, as the runtime role.
    Database,
    /// Redis.
    Redis,
    /// RabbitMQ, and which services hear events.
    Amqp,
    /// RabbitMQ, to hear broadcasts.
    Broadcasts,
    /// Its own key for calls to other services, and the public halves of all.
    ServiceKeys,
    /// It checks access tokens.
    Tokens,
    /// Where people reach the shop.
    PublicUrl,
    /// The key of the hash that names a user in the logs.
    LogHash,
    /// The key that encrypts the token-signing keys.
    FileKey,
    /// The keys that encrypt personal data.
    PiiKeys,
    /// The addresses of all other services of this build.
    EveryUpstream,
}

/// Every service of this build.
pub const ALL: &[Deployed] = &[
    Deployed {
        service: &gateway::SERVICE,
        uses: GATEWAY,
    },
    Deployed {
        service: &auth::SERVICE,
        uses: AUTH,
    },
];

const GATEWAY: &[Uses] = &[
    Uses::Redis,
    Uses::Broadcasts,
    Uses::ServiceKeys,
    Uses::Tokens,
    Uses::LogHash,
    Uses::EveryUpstream,
];

const AUTH: &[Uses] = &[
    Uses::Database,
    Uses::Redis,
    Uses::Amqp,
    Uses::ServiceKeys,
    Uses::Tokens,
    Uses::LogHash,
    Uses::FileKey,
    Uses::PiiKeys,
    Uses::PublicUrl,
];

/// The service of that name, if this build has it.
#[must_use]
pub fn find(name: &str) -> Option<&'static Deployed> {
    ALL.iter().find(|deployed| deployed.service.name == name)
}

/// The service of that name.
///
/// # Errors
/// There is none; the error lists those there are.
pub fn get(name: &str) -> Result<&'static Deployed> {
    find(name).with_context(|| {
        format!(
            "there is no service `{name}`; there are: {}",
            names().join(", ")
        )
    })
}

/// The names of all services.
#[must_use]
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|deployed| deployed.service.name).collect()
}

/// The services that have a schema.
pub fn with_database() -> impl Iterator<Item = &'static Deployed> {
    ALL.iter()
        .filter(|deployed| deployed.uses.contains(&Uses::Database))
}
