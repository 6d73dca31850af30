//! Connecting, with deadlines.

use std::time::Duration;

use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::tcp::OwnedTLSConfig;
use lapin::uri::AMQPUri;
use lapin::{Connection, ConnectionProperties, ErrorKind};
use secrecy::ExposeSecret as _;
use tokio::sync::Notify;

use super::topology::Topology;
use crate::settings::AmqpSettings;

/// How long connecting and each exchange with the broker may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);
/// Both sides give a silent peer up after two missed heartbeats.
const HEARTBEAT_SECS: u16 = 10;
/// Our events are small; the client keeps buffers of 32 frames for each connection.
const FRAME_BYTES_MAX: u32 = 32_768;

/// The broker did not do it, or not in time; whether it did is unknown.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BrokerError {
    /// No answer in time.
    #[error("the broker did not answer within {} s", DEADLINE.as_secs())]
    Silent,
    /// It refused, or the connection broke.
    #[error("the broker: {0}")]
    Failed(#[from] lapin::Error),
    /// The URL cannot be used.
    #[error("the broker's URL is not valid: {0}")]
    Url(String),
}

impl BrokerError {
    /// Whether a queue or exchange was named that does not exist.
    pub(crate) fn is_not_found(&self) -> bool {
        self.answer() == Some(&AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND))
    }

    /// Whether what was asked for was refused, and nothing else broke: only the channel is gone.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self.answer(), Some(AMQPErrorKind::Soft(_)))
    }

    /// Whether the broker stumbled over what was asked for, and dropped the whole connection.
    fn is_internal(&self) -> bool {
        self.answer() == Some(&AMQPErrorKind::Hard(AMQPHardError::INTERNALERROR))
    }

    /// What the broker said, if it said anything.
    fn answer(&self) -> Option<&AMQPErrorKind> {
        match self {
            Self::Failed(error) => match error.kind() {
                ErrorKind::ProtocolError(answer) => Some(answer.kind()),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Where the broker is and what it looks like inside. Connects to nothing by itself.
#[derive(Debug)]
pub struct Broker {
    settings: AmqpSettings,
    /// The names and shapes of exchanges and queues.
    pub topology: Topology,
    suspicion: Notify,
}

impl Broker {
    /// The broker of the settings.
    #[must_use]
    pub fn new(settings: AmqpSettings) -> Self {
        let topology = Topology::new(&settings);
        Self {
            settings,
            topology,
            suspicion: Notify::new(),
        }
    }

    /// The same broker in another shape.
    #[must_use]
    pub fn with_topology(self, topology: Topology) -> Self {
        Self { topology, ..self }
    }

    /// Notes when an open connection gave no answer, or broke over the question: one of the queues may be mute.
    pub(crate) fn suspect_if_silent<T>(&self, outcome: &Result<T, BrokerError>) {
        let Err(error) = outcome else {
            return;
        };
        if matches!(error, BrokerError::Silent) || error.is_internal() {
            self.suspect();
        }
    }

    /// Has the queues looked at.
    pub(crate) fn suspect(&self) {
        self.suspicion.notify_one();
    }

    /// Waits until there is a reason to look for mute queues.
    pub(crate) async fn suspected(&self) {
        self.suspicion.notified().await;
    }

    /// Connects; `purpose` is what the broker's list of connections shows, as `orders: relay`.
    ///
    /// # Errors
    /// When the broker is away, silent or refuses.
    pub async fn connect(&self, purpose: &str) -> Result<Connection, BrokerError> {
        let url = self.settings.url.expose_secret();
        let mut uri: AMQPUri = url.parse().map_err(BrokerError::Url)?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT_SECS);
        uri.query.frame_max.get_or_insert(FRAME_BYTES_MAX);
        let properties = ConnectionProperties::default().with_connection_name(purpose.into());
        let tls = OwnedTLSConfig {
            identity: None,
            cert_chain: self.settings.authorities.clone(),
        };
        let runtime = lapin::runtime::default_runtime()?;
        let connecting = Connection::connect_uri_with_config(uri, properties, tls, runtime);
        within_deadline(connecting).await
    }
}

/// Waits for an exchange with the broker, but not for ever: a broker that ran out of memory reads no
/// more, and its heartbeats cease with it.
pub(crate) async fn within_deadline<T>(
    exchange: impl Future<Output = lapin::Result<T>>,
) -> Result<T, BrokerError> {
    match tokio::time::timeout(DEADLINE, exchange).await {
        Ok(outcome) => Ok(outcome?),
        Err(_elapsed) => Err(BrokerError::Silent),
    }
}
