//! Settings. Every variable begins with `INVENTORY__`; groups that every service has are described where they are
//! read (`common`, `messaging`). Those of this service:
//!
//! | variable | default | meaning |
//! |---|---|---|
//! | `DATABASE__URL` | required | where PostgreSQL is (as role `inventory`) |
//! | `DATABASE__OWNER_URL` | for `migrate` only | PostgreSQL as role `inventory_owner` |
//! | `AMQP__URL`, `AMQP__CA_FILE`, `AMQP__PREFIX`, `EVENTS__DEPLOYED` | required, the system's authorities, none, required | RabbitMQ, and which services run |
//! | `SERVICE_KEY__FILE`, `SERVICE_KEYS__FILE` | required | this service's key, and the public keys of all |
//! | `LOG_HASH__KEY_FILE` | required | key of the hash that stands for a user in logs |
//! | `UPSTREAMS__AUTH__URL` | `http://127.0.0.1:3001` | auth: keys, revocations |
//! | `UPSTREAMS__ORDERS__URL` | `http://127.0.0.1:3005` | orders: asked for events that a new queue has missed |
//! | `UPSTREAMS__CATALOG__URL` | `http://127.0.0.1:3002` | the catalogue: variants that are not known yet |
//! | `LIMITS__ORDERS_PER_USER` | 3 | orders of one buyer that may hold something at a time; 0: any number |
//! | `LIMITS__UNITS_PER_USER` | 20 | no further order is taken while a buyer's other orders hold so many units; 0: any number |
//! | `LIMITS__UNITS_PER_ORDER` | 1000 | units of one order |
//! | `LIMITS__ORDERS_PER_ADDRESS` | 0 | orders to one address that may hold something at a time; 0: any number |
//! | `RESERVE__WAITING` | 4096 | orders that may wait for a decision; more get 503 |
//! | `RESERVE__BATCH` | 256 | orders that are decided in one transaction |
//! | `HOLDS__EXTENDED_SECS` | 1800 | how long an extended hold lasts, from its beginning |
//! | `HOLDS__SWEEP_MS` | 1000 | how often holds whose time is over are looked for |
//! | `LOW_STOCK_THRESHOLD` | 5 | what a new variant's stock is low at |
//! | `HOST`, `PORT`, `OPS_HOST`, `OPS_PORT`, `WORKERS`, `DRAIN_MS` | ports 3003 and 9093 | HTTP |
//! | `LOG__LEVEL`, `OTLP__ENDPOINT`, `OTLP__SAMPLE_PERCENT` | `info`, none, 100 | logs and traces |
//! | `TOKENS__ISSUER`, `TOKENS__AUDIENCE` | `agape`, `agape-api` | expected in tokens |
//! | `TOKENS__REQUIRE_STAFF_2FA` | `true` | staff permissions need a session with a second factor |

use std::time::Duration;

use chassis::ServiceSettings;
use chrono::TimeDelta;
use common::settings::{Reader, SettingsError};
use url::Url;

use crate::domain::shelf::Limits;

/// The port clients reach.
pub const DEFAULT_PORT: u16 = 3003;
/// The port operators reach.
pub const DEFAULT_OPS_PORT: u16 = 9093;

/// As many as can be counted for one buyer.
const LIMIT_MAX: i64 = 1_000_000;

/// Everything the service can be told.
#[derive(Debug)]
pub struct Settings {
    /// What every service has.
    pub service: ServiceSettings,
    /// The catalogue.
    pub catalog_url: Url,
    /// Against holding everything and buying nothing.
    pub(crate) limits: Limits,
    /// Orders that may wait for a decision.
    pub reserve_waiting: usize,
    /// Orders that are decided in one transaction.
    pub reserve_batch: usize,
    /// How long an extended hold lasts.
    pub extended: TimeDelta,
    /// How often holds are ended.
    pub sweep: Duration,
    /// What a new variant's stock is low at.
    pub low_stock_threshold: i64,
}

impl Settings {
    /// Reads everything.
    ///
    /// # Errors
    /// With everything that is missing or wrong.
    pub fn read(mut read: Reader) -> Result<Self, SettingsError> {
        let ports = (DEFAULT_PORT, DEFAULT_OPS_PORT);
        let settings = Self {
            service: ServiceSettings::read(&mut read, "inventory", ports),
            catalog_url: read.url("upstreams.catalog.url", Some("http://127.0.0.1:3002")),
            limits: read_limits(&mut read),
            reserve_waiting: read.number("reserve.waiting", 4_096, 1, 100_000),
            reserve_batch: read.number("reserve.batch", 256, 1, 1_000),
            extended: TimeDelta::seconds(read.number("holds.extended_secs", 1_800, 1, 86_400)),
            sweep: read.millis("holds.sweep_ms", Duration::from_secs(1)),
            low_stock_threshold: read.number("low_stock_threshold", 5, 0, LIMIT_MAX),
        };
        read.finish(settings)
    }
}

fn read_limits(read: &mut Reader) -> Limits {
    Limits {
        orders_per_user: read.number("limits.orders_per_user", 3, 0, LIMIT_MAX),
        units_per_user: read.number("limits.units_per_user", 20, 0, LIMIT_MAX),
        units_per_order: read.number("limits.units_per_order", 1_000, 1, LIMIT_MAX),
        orders_per_address: read.number("limits.orders_per_address", 0, 0, LIMIT_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_wrong_stops_the_start() {
        let pairs = [
            ("INVENTORY__LIMITS__UNITS_PER_ORDER", "0"),
            ("INVENTORY__RESERVE__BATCH", "many"),
        ];
        let error = Settings::read(Reader::from_pairs("inventory", pairs)).unwrap_err();
        let error = error.to_string();
        for variable in [
            "INVENTORY__DATABASE__URL",
            "INVENTORY__AMQP__URL",
            "INVENTORY__LIMITS__UNITS_PER_ORDER",
            "INVENTORY__RESERVE__BATCH",
        ] {
            assert!(error.contains(variable), "{variable} in {error}");
        }
    }
}
