//! The services that exist, in the order of their ports. A new service is one entry here.
//!
//! Beside them `agape up` runs the [`SANDBOX`], which stands for the shop's vendors and is no service: it has no schema,
//! no keys, no route and no image, and nothing of the shop knows of it.

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
    /// The mail vendor: the sandbox, unless the person brought a key of the real one.
    Resend,
    /// What the sandbox itself needs to be that vendor.
    ResendAccount,
    /// The payment vendor: the sandbox, unless the person brought a key of the real one.
    Paystack,
    /// What the sandbox itself needs to be that vendor.
    PaystackAccount,
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
    Deployed {
        service: &catalog::SERVICE,
        uses: CATALOG,
    },
    Deployed {
        service: &inventory::SERVICE,
        uses: INVENTORY,
    },
    Deployed {
        service: &cart::SERVICE,
        uses: CART,
    },
    Deployed {
        service: &orders::SERVICE,
        uses: ORDERS,
    },
    Deployed {
        service: &payments::SERVICE,
        uses: PAYMENTS,
    },
    Deployed {
        service: &notifications::SERVICE,
        uses: NOTIFICATIONS,
    },
];

/// The shop's vendors, on this machine.
pub const SANDBOX: &Deployed = &Deployed {
    service: &sandbox::SERVICE,
    uses: &[Uses::ResendAccount, Uses::PaystackAccount],
};

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

const CATALOG: &[Uses] = &[
    Uses::Database,
    Uses::Redis,
    Uses::Amqp,
    Uses::ServiceKeys,
    Uses::Tokens,
    Uses::LogHash,
];

const INVENTORY: &[Uses] = &[
    Uses::Database,
    Uses::Amqp,
    Uses::ServiceKeys,
    Uses::Tokens,
    Uses::LogHash,
];

const CART: &[Uses] = &[
    Uses::Database,
    Uses::Redis,
    Uses::Amqp,
    Uses::ServiceKeys,
    Uses::Tokens,
    Uses::LogHash,
];

const ORDERS: &[Uses] = &[
    Uses::Database,
    Uses::Amqp,
    Uses::ServiceKeys,
    Uses::Tokens,
    Uses::LogHash,
    Uses::PiiKeys,
];

const PAYMENTS: &[Uses] = &[
    Uses::Database,
    Uses::Amqp,
    Uses::ServiceKeys,
    Uses::Tokens,
    Uses::LogHash,
    Uses::PiiKeys,
    Uses::PublicUrl,
    Uses::Paystack,
];

const NOTIFICATIONS: &[Uses] = &[
    Uses::Database,
    Uses::Amqp,
    Uses::ServiceKeys,
    Uses::Tokens,
    Uses::LogHash,
    Uses::PiiKeys,
    Uses::Resend,
];

/// Everything that `agape up` keeps running: the services and the sandbox.
pub fn processes() -> impl Iterator<Item = &'static Deployed> {
    ALL.iter().chain([SANDBOX])
}

/// The names of all processes.
#[must_use]
pub fn process_names() -> Vec<&'static str> {
    processes().map(|deployed| deployed.service.name).collect()
}

/// The service of that name, or the sandbox, if this build has it.
#[must_use]
pub fn find(name: &str) -> Option<&'static Deployed> {
    processes().find(|deployed| deployed.service.name == name)
}

/// The service of that name.
///
/// # Errors
/// There is none; the error lists those there are.
pub fn get(name: &str) -> Result<&'static Deployed> {
    find(name).with_context(|| {
        format!(
            "there is no service `{name}`; there are: {}",
            process_names().join(", ")
        )
    })
}

/// The names of all services.
#[must_use]
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|deployed| deployed.service.name).collect()
}

/// The names of the services that have a schema, which are those of the schemas.
#[must_use]
pub fn with_schema() -> Vec<&'static str> {
    with_database()
        .map(|deployed| deployed.service.name)
        .collect()
}

/// The services that have a schema.
pub fn with_database() -> impl Iterator<Item = &'static Deployed> {
    ALL.iter()
        .filter(|deployed| deployed.uses.contains(&Uses::Database))
}
