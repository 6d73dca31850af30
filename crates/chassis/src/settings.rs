//! The settings that every service has.

use common::auth::{ServiceKeySettings, TokenSettings};
use common::database::DatabaseSettings;
use common::server::HttpSettings;
use common::settings::Reader;
use common::telemetry::TelemetrySettings;
use messaging::AmqpSettings;

/// Each group is described where it is read.
#[derive(Debug, Clone)]
pub struct ServiceSettings {
    /// Ports and workers.
    pub http: HttpSettings,
    /// PostgreSQL.
    pub database: DatabaseSettings,
    /// RabbitMQ.
    pub amqp: AmqpSettings,
    /// Logs and traces.
    pub telemetry: TelemetrySettings,
    /// Checking access tokens.
    pub tokens: TokenSettings,
    /// Service tokens.
    pub service_keys: ServiceKeySettings,
}

impl ServiceSettings {
    /// Reads the groups; `ports` are where clients and operators reach the service unless told otherwise.
    pub fn read(read: &mut Reader, service: &'static str, ports: (u16, u16)) -> Self {
        Self {
            http: HttpSettings::read(read, ports.0, ports.1),
            database: DatabaseSettings::read(read),
            amqp: AmqpSettings::read(read, service),
            telemetry: TelemetrySettings::read(read),
            tokens: TokenSettings::read(read),
            service_keys: ServiceKeySettings::read(read),
        }
    }
}
