//! Settings. Every variable begins with `CART__`; groups that every service has are described where they are read (`common`,
//! `messaging`). Those of this service:
//!
//! | variable | default | meaning |
//! |---|---|---|
//! | `DATABASE__URL` | required | where PostgreSQL is (as role `cart`) |
//! | `DATABASE__OWNER_URL` | for `migrate` only | PostgreSQL as role `cart_owner` |
//! | `REDIS__URL`, `REDIS__CA_FILE`, `REDIS__POOL`, `REDIS__DEADLINE_MS`, `REDIS__PREFIX` | required, the system's authorities, 2, 50, none | Redis, how long it is waited for, and what keys begin with |
//! | `AMQP__URL`, `AMQP__CA_FILE`, `AMQP__PREFIX`, `EVENTS__DEPLOYED` | required, the system's authorities, none, required | RabbitMQ, and which services run |
//! | `SERVICE_KEY__FILE`, `SERVICE_KEYS__FILE` | required | this service's key, and the public keys of all |
//! | `LOG_HASH__KEY_FILE` | required | key of the hash that stands for a user in logs |
//! | `UPSTREAMS__AUTH__URL` | `http://127.0.0.1:3001` | auth: keys, revocations |
//! | `UPSTREAMS__ORDERS__URL` | `http://127.0.0.1:3005` | orders: asked for events that a new queue has missed |
//! | `UPSTREAMS__CATALOG__URL` | `http://127.0.0.1:3002` | the catalogue: what things cost |
//! | `CATALOG__FRESH_MS`, `CATALOG__DEADLINE_MS` | 500, 1000 | how long an answer of the catalogue counts as current, and how long it is waited for |
//! | `LIMITS__PER_LINE`, `LIMITS__LINES` | 10, 100 | how many of one thing, and how many things, a cart holds |
//! | `KEPT__USER_DAYS`, `KEPT__GUEST_DAYS` | 30, 7 | how long a cart is kept after its last change |
//! | `ABANDONED_AFTER_SECS` | 14400 | how long a filled cart is left untouched before it counts as abandoned: 4 hours, when its owner still remembers it and is not merely at lunch |
//! | `CURRENCY` | `NGN` | in which currency an empty cart is shown |
//! | `HOST`, `PORT`, `OPS_HOST`, `OPS_PORT`, `WORKERS`, `DRAIN_MS` | ports 3004 and 9094 | HTTP |
//! | `LOG__LEVEL`, `OTLP__ENDPOINT`, `OTLP__SAMPLE_PERCENT` | `info`, none, 100 | logs and traces |
//! | `TOKENS__ISSUER`, `TOKENS__AUDIENCE` | `agape`, `agape-api` | expected in tokens |
//! | `TOKENS__REQUIRE_STAFF_2FA` | `true` | staff permissions need a session with a second factor |

use std::time::Duration;

use chassis::ServiceSettings;
use common::redis::RedisSettings;
use common::settings::{Reader, SettingsError};
use money::Currency;
use url::Url;

use crate::app::catalogue::CatalogueSettings;
use crate::app::writer::Rules;
use crate::domain::cart::Limits;
use crate::store::locking::Lifetimes;

/// The port clients reach.
pub const DEFAULT_PORT: u16 = 3004;
/// The port operators reach.
pub const DEFAULT_OPS_PORT: u16 = 9094;

const SECS_PER_DAY: i32 = 24 * 60 * 60;
/// The catalogue answers about at most 200 variants at once, and one question must do for a cart.
const LINES_MAX: u32 = 200;

/// Everything the service can be told.
#[derive(Debug)]
pub struct Settings {
    /// What every service has.
    pub service: ServiceSettings,
    /// Redis.
    pub redis: RedisSettings,
    /// What keys in Redis begin with.
    pub redis_prefix: String,
    /// Where the catalogue is.
    pub catalog_url: Url,
    /// How it is asked.
    pub(crate) catalogue: CatalogueSettings,
    /// How much fits in a cart.
    pub(crate) limits: Limits,
    /// How long carts are kept.
    pub(crate) lifetimes: Lifetimes,
    /// When a cart counts as abandoned.
    pub(crate) abandoned_after_secs: i64,
    /// Of an empty cart.
    pub(crate) currency: Currency,
}

impl Settings {
    /// Reads everything.
    ///
    /// # Errors
    /// With everything that is missing or wrong.
    pub fn read(mut read: Reader) -> Result<Self, SettingsError> {
        let settings = Self {
            service: ServiceSettings::read(&mut read, "cart", (DEFAULT_PORT, DEFAULT_OPS_PORT)),
            redis: RedisSettings::read(&mut read),
            redis_prefix: read.text("redis.prefix", ""),
            catalog_url: read.url("upstreams.catalog.url", Some("http://127.0.0.1:3002")),
            catalogue: CatalogueSettings {
                fresh_for: read.millis("catalog.fresh_ms", Duration::from_millis(500)),
                deadline: read.millis("catalog.deadline_ms", Duration::from_secs(1)),
            },
            limits: Limits {
                per_line: read.number("limits.per_line", 10, 1, 1_000),
                lines: read.number("limits.lines", 100, 1, LINES_MAX),
            },
            lifetimes: Lifetimes {
                user_secs: read.number("kept.user_days", 30, 1, 3_650) * SECS_PER_DAY,
                guest_secs: read.number("kept.guest_days", 7, 1, 3_650) * SECS_PER_DAY,
            },
            abandoned_after_secs: read.number("abandoned_after_secs", 14_400, 60, 30 * 86_400),
            currency: read.parsed("currency", Currency::Ngn),
        };
        read.finish(settings)
    }

    /// The rules that changes keep to.
    pub(crate) fn rules(&self) -> Rules {
        Rules {
            limits: self.limits,
            lifetimes: self.lifetimes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(pairs: &[(&str, &str)]) -> String {
        Settings::read(Reader::from_pairs("cart", pairs.iter().copied()))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_bare_start_lists_everything_that_is_missing() {
        let error = problems(&[]);
        for variable in [
            "CART__DATABASE__URL",
            "CART__REDIS__URL",
            "CART__AMQP__URL",
            "CART__EVENTS__DEPLOYED",
            "CART__SERVICE_KEY__FILE",
            "CART__LOG_HASH__KEY_FILE",
        ] {
            assert!(error.contains(variable), "{variable} in {error}");
        }
        assert!(!error.contains("UPSTREAMS"), "{error}");
    }

    #[test]
    fn what_no_cart_could_keep_to_stops_the_start() {
        let error = problems(&[
            ("CART__LIMITS__PER_LINE", "0"),
            ("CART__LIMITS__LINES", "201"),
            ("CART__KEPT__GUEST_DAYS", "0"),
            ("CART__CURRENCY", "EUR"),
            ("CART__ABANDONED_AFTER_SECS", "1"),
        ]);
        for variable in [
            "PER_LINE",
            "LINES",
            "GUEST_DAYS",
            "CURRENCY",
            "ABANDONED_AFTER_SECS",
        ] {
            assert!(error.contains(variable), "{variable} in {error}");
        }
    }
}
