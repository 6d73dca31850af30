//! Where the broker is, and who is there to be heard by.

use common::settings::Reader;
use secrecy::{ExposeSecret as _, SecretString};

use crate::replay::ProducerSettings;

/// The broker, and the part of the system that is deployed.
#[derive(Debug, Clone)]
pub struct AmqpSettings {
    /// `AMQP__URL`: the broker, `amqp://user:password@host:port/vhost`, or `amqps://` for an encrypted connection.
    pub url: SecretString,
    /// `AMQP__CA_FILE`: authorities, in PEM, that an encrypted connection's broker is checked by, beside the system's.
    pub authorities: Option<String>,
    /// `AMQP__PREFIX` (empty): what the names of exchanges and queues begin with, so that several
    /// shops can share a virtual host.
    pub prefix: String,
    /// `EVENTS__DEPLOYED`: the services that run in this shop. Only an event that one of them hears
    /// must reach a queue.
    pub deployed: Vec<String>,
    /// `UPSTREAMS__<SERVICE>__URL`: where the producers are of what this service hears.
    pub producers: ProducerSettings,
}

impl AmqpSettings {
    /// Reads the group for `service`.
    pub fn read(read: &mut Reader, service: &str) -> Self {
        let deployed = read.list("events.deployed", &[]);
        if deployed.is_empty() {
            read.problem("events.deployed", "is missing: name the services that run");
        }
        Self {
            producers: ProducerSettings::read(read, service, &deployed),
            deployed,
            ..Self::read_for_broadcasts(read)
        }
    }

    /// Reads what a process needs that hears broadcasts and nothing else.
    pub fn read_for_broadcasts(read: &mut Reader) -> Self {
        let url = read.secret("amqp.url");
        let authorities = read.authorities("amqp.ca_file");
        if authorities.is_some() && url.expose_secret().starts_with("amqp://") {
            read.problem(
                "amqp.ca_file",
                "is of no use: the broker's URL is no `amqps://`",
            );
        }
        Self {
            authorities,
            ..Self::bare(url, read.text("amqp.prefix", ""))
        }
    }

    /// A broker, for work that is about no particular service.
    #[must_use]
    pub fn bare(url: impl Into<SecretString>, prefix: String) -> Self {
        Self {
            url: url.into(),
            authorities: None,
            prefix,
            deployed: Vec::new(),
            producers: ProducerSettings::default(),
        }
    }
}
