//! Settings. Every variable begins with `CATALOG__`; groups that every service has are described where they are read
//! (`chassis`). Those of this service:
//!
//! | variable | default | meaning |
//! |---|---|---|
//! | `DATABASE__URL` | required | where PostgreSQL is (as role `catalog`) |
//! | `DATABASE__OWNER_URL` | for `migrate` only | PostgreSQL as role `catalog_owner` |
//! | `AMQP__URL`, `AMQP__CA_FILE`, `AMQP__PREFIX`, `EVENTS__DEPLOYED` | required, the system's authorities, none, required | RabbitMQ, and which services run |
//! | `SERVICE_KEY__FILE`, `SERVICE_KEYS__FILE` | required | this service's key, and the public keys of all |
//! | `LOG_HASH__KEY_FILE` | required | key of the hash that stands for a user in logs |
//! | `UPSTREAMS__AUTH__URL`, `UPSTREAMS__INVENTORY__URL` | this machine | whom to ask for keys, revocations and missed events |
//! | `REDIS__URL`, `REDIS__CA_FILE`, `REDIS__PREFIX`, `REDIS__POOL`, `REDIS__DEADLINE_MS` | required, the system's authorities, none, 2, 50 | where ready-made answers are shared |
//! | `CACHE__MEGABYTES` | 32 | what ready-made answers may take in this process |
//! | `IMAGE_HOSTS` | `res.cloudinary.com`, `127.0.0.1`, `localhost` | hosts that pictures may be linked from, comma-separated |
//! | `SEED__IMAGES_URL` | `http://127.0.0.1:3900/cloudinary/agape/image/upload` | where the pictures of the seeded products are |
//! | `HOST`, `PORT`, `OPS_HOST`, `OPS_PORT`, `WORKERS`, `DRAIN_MS` | ports 3002 and 9092 | HTTP |
//! | `LOG__LEVEL`, `OTLP__ENDPOINT`, `OTLP__SAMPLE_PERCENT` | `info`, none, 100 | logs and traces |
//! | `TOKENS__ISSUER`, `TOKENS__AUDIENCE` | `agape`, `agape-api` | expected in tokens |
//! | `TOKENS__REQUIRE_STAFF_2FA` | `true` | staff permissions need a session with a second factor |

use chassis::ServiceSettings;
use common::redis::RedisSettings;
use common::settings::{Reader, SettingsError};
use url::Url;

/// The port clients reach.
pub const DEFAULT_PORT: u16 = 3002;
/// The port operators reach.
pub const DEFAULT_OPS_PORT: u16 = 9092;

const IMAGE_HOSTS: [&str; 3] = ["res.cloudinary.com", "127.0.0.1", "localhost"];
const SEED_IMAGES: &str = "http://127.0.0.1:3900/cloudinary/agape/image/upload";

/// Everything the service can be told.
#[derive(Debug)]
pub struct Settings {
    /// What every service has.
    pub service: ServiceSettings,
    /// Where ready-made answers are shared.
    pub redis: RedisSettings,
    /// What the keys of this service begin with, where several shops share a Redis.
    pub redis_prefix: String,
    /// What ready-made answers may take in this process, in bytes.
    pub cache_bytes: u64,
    /// Hosts that pictures may be linked from.
    pub image_hosts: Vec<String>,
    /// Where the pictures of the seeded products are.
    pub seed_images: Url,
}

impl Settings {
    /// Reads everything.
    ///
    /// # Errors
    /// With everything that is missing or wrong.
    pub fn read(mut read: Reader) -> Result<Self, SettingsError> {
        let ports = (DEFAULT_PORT, DEFAULT_OPS_PORT);
        let settings = Self {
            service: ServiceSettings::read(&mut read, "catalog", ports),
            redis: RedisSettings::read(&mut read),
            redis_prefix: read.text("redis.prefix", ""),
            cache_bytes: read.number("cache.megabytes", 32, 1, 4096) * 1024 * 1024,
            image_hosts: read.list("image_hosts", &IMAGE_HOSTS),
            seed_images: read.url("seed.images_url", Some(SEED_IMAGES)),
        };
        read.finish(settings)
    }
}
