//! Settings, each read from `GATEWAY__<NAME>` (a dot is `__`). Durations are milliseconds unless the name says seconds.
//!
//! | name | default | meaning |
//! |---|---|---|
//! | `host`, `port`, `ops_host`, `ops_port`, `workers`, `drain_ms` | `127.0.0.1`, 3000, …, 9090 | sockets (`common::server`) |
//! | `redis.url`, `redis.ca_file`, `redis.deadline_ms` | required, the system's authorities, 250 | where rate limits are counted; how long that may take |
//! | `amqp.url`, `amqp.ca_file`, `amqp.prefix` | required, the system's authorities, empty | the broker that tells of revoked sessions |
//! | `upstreams.<service>.url` | not deployed | where a service listens; `auth` is always there |
//! | `upstreams.<service>.ops_url` | the same host, its usual operations port | where `/readyz` is asked |
//! | `tokens.*`, `service_key.file`, `service_keys.file` | see `common::auth` | how tokens are checked |
//! | `cors.origins` | none | comma-separated origins whose pages may call the API |
//! | `trusted_proxies` | 0 | proxies of ours in front, each appending to `X-Forwarded-For` |
//! | `rate_limit.{auth,public,admin,webhook}` | 5, 100, 200, 30000 | requests per window |
//! | `rate_limit.window_secs` | 60 | the window |
//! | `admission.in_flight_max`, `admission.waiting_max` | 64, 4096 | requests with one service, and in line for it |
//! | `admission.checkout_wait_ms`, `admission.wait_ms` | 2500, 500 | how long a request stands in line |
//! | `upload.least_bytes_per_sec`, `upload.grace_ms` | 1024, 5000 | how slow a sender may be |
//! | `connect_timeout_ms` | 500 | time to connect to a service |
//! | `access_log.every` | 1 | writes the access line of every n-th request; 0 writes none |
//! | `log.*`, `log_hash.key_file`, `otlp.*` | see `common::telemetry` | logs and traces |

use std::time::Duration;

use common::auth::{ServiceKeySettings, TokenSettings};
use common::redis::RedisSettings;
use common::server::HttpSettings;
use common::settings::{Reader, SettingsError};
use common::telemetry::TelemetrySettings;
use messaging::AmqpSettings;
use url::Url;

use crate::route::{QueueClass, RateClass, Service};

/// The gateway's public port.
pub const DEFAULT_PORT: u16 = 3000;
/// The gateway's operations port.
pub const DEFAULT_OPS_PORT: u16 = 9090;

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Sockets and workers.
    pub http: HttpSettings,
    /// Where rate limits are counted.
    pub redis: RedisSettings,
    /// RabbitMQ.
    pub amqp: AmqpSettings,
    /// Logs and traces.
    pub telemetry: TelemetrySettings,
    /// How access tokens are checked.
    pub tokens: TokenSettings,
    /// How the gateway shows auth who it is.
    pub service_keys: ServiceKeySettings,
    /// How requests are handled.
    pub edge: EdgeSettings,
}

/// What the request path needs.
#[derive(Debug, Clone)]
pub struct EdgeSettings {
    /// The deployed services.
    pub upstreams: Vec<UpstreamSettings>,
    /// Origins whose pages may call the API.
    pub cors_origins: Vec<String>,
    /// Proxies of ours in front of the gateway.
    pub trusted_proxies: usize,
    /// Requests per window.
    pub rate_limits: RateLimits,
    /// Places and lines.
    pub admission: AdmissionSettings,
    /// Bytes per second that a sender must reach.
    pub upload_least_bytes_per_sec: u64,
    /// How long a sender may pause before the rate counts.
    pub upload_grace: Duration,
    /// Time to connect to a service.
    pub connect_timeout: Duration,
    /// Every n-th request gets an access line; 0: none does.
    pub access_log_every: u32,
}

/// Where one service is.
#[derive(Debug, Clone)]
pub struct UpstreamSettings {
    /// Which.
    pub service: Service,
    /// Its public port.
    pub url: Url,
    /// Its operations port.
    pub ops_url: Url,
}

/// Requests per window, by class.
#[derive(Debug, Clone, Copy)]
pub struct RateLimits {
    /// Logins and the like.
    pub auth: u32,
    /// Everything else.
    pub public: u32,
    /// Staff.
    pub admin: u32,
    /// Providers' calls.
    pub webhook: u32,
    /// The window.
    pub window: Duration,
}

impl RateLimits {
    /// The limit of a class.
    #[must_use]
    pub fn of(&self, class: RateClass) -> u32 {
        match class {
            RateClass::Auth => self.auth,
            RateClass::Public => self.public,
            RateClass::Admin => self.admin,
            RateClass::Webhook => self.webhook,
        }
    }
}

/// How many requests a service gets at a time.
#[derive(Debug, Clone, Copy)]
pub struct AdmissionSettings {
    /// With one service at a time.
    pub in_flight_max: usize,
    /// In line for one service.
    pub waiting_max: usize,
    /// How long a buyer stands in line.
    pub checkout_wait: Duration,
    /// How long everyone else does.
    pub ordinary_wait: Duration,
}

impl AdmissionSettings {
    /// How long a request of this class stands in line.
    #[must_use]
    pub fn patience(&self, class: QueueClass) -> Duration {
        match class {
            QueueClass::Checkout => self.checkout_wait,
            QueueClass::Ordinary => self.ordinary_wait,
        }
    }
}

impl Settings {
    /// Reads everything.
    ///
    /// # Errors
    /// With all that is missing or wrong.
    pub fn read(mut read: Reader) -> Result<Self, SettingsError> {
        let settings = Self {
            http: HttpSettings::read(&mut read, DEFAULT_PORT, DEFAULT_OPS_PORT),
            redis: read_redis(&mut read),
            amqp: AmqpSettings::read_for_broadcasts(&mut read),
            telemetry: TelemetrySettings::read(&mut read),
            tokens: TokenSettings::read(&mut read),
            service_keys: ServiceKeySettings::read(&mut read),
            edge: EdgeSettings::read(&mut read),
        };
        read.finish(settings)
    }
}

impl EdgeSettings {
    fn read(read: &mut Reader) -> Self {
        Self {
            upstreams: Service::ALL
                .into_iter()
                .filter_map(|s| read_upstream(read, s))
                .collect(),
            cors_origins: read_origins(read),
            trusted_proxies: read.number("trusted_proxies", 0, 0, 16),
            rate_limits: read_rate_limits(read),
            admission: AdmissionSettings {
                in_flight_max: read.number("admission.in_flight_max", 64, 1, 100_000),
                waiting_max: read.number("admission.waiting_max", 4096, 0, 1_000_000),
                checkout_wait: read
                    .millis("admission.checkout_wait_ms", Duration::from_millis(2500)),
                ordinary_wait: read.millis("admission.wait_ms", Duration::from_millis(500)),
            },
            upload_least_bytes_per_sec: read.number(
                "upload.least_bytes_per_sec",
                1024,
                1,
                u64::MAX,
            ),
            upload_grace: read.millis("upload.grace_ms", Duration::from_secs(5)),
            connect_timeout: read.millis("connect_timeout_ms", Duration::from_millis(500)),
            access_log_every: read.number("access_log.every", 1, 0, u32::MAX),
        }
    }
}

/// Counting in this process only is worse than waiting a moment longer for the count that all share.
fn read_redis(read: &mut Reader) -> RedisSettings {
    let deadline = read.millis("redis.deadline_ms", Duration::from_millis(250));
    RedisSettings {
        deadline,
        ..RedisSettings::read(read)
    }
}

fn read_rate_limits(read: &mut Reader) -> RateLimits {
    const MOST: u32 = 1_000_000_000;
    RateLimits {
        auth: read.number("rate_limit.auth", 5, 1, MOST),
        public: read.number("rate_limit.public", 100, 1, MOST),
        admin: read.number("rate_limit.admin", 200, 1, MOST),
        webhook: read.number("rate_limit.webhook", 30_000, 1, MOST),
        window: Duration::from_secs(read.number("rate_limit.window_secs", 60, 1, 86_400)),
    }
}

/// `None` when the service is not deployed.
fn read_upstream(read: &mut Reader, service: Service) -> Option<UpstreamSettings> {
    let key = format!("upstreams.{}.url", service.name());
    let ops_key = format!("upstreams.{}.ops_url", service.name());
    // Without auth no token can be checked, so it counts as deployed at its usual place.
    let default = (service == Service::Auth).then(|| "http://127.0.0.1:3001".to_owned());
    let url = read.optional(&key).or(default);
    let ops_url = read.optional(&ops_key);
    let url = readable_url(read, &key, &url?)?;
    let ops_url = match ops_url {
        Some(text) => readable_url(read, &ops_key, &text)?,
        None => {
            let mut usual = url.clone();
            // Fails only for URLs that cannot have a port, which `readable_url` refused.
            let _ = usual.set_port(Some(service.usual_ops_port()));
            usual
        }
    };
    Some(UpstreamSettings {
        service,
        url,
        ops_url,
    })
}

fn readable_url(read: &mut Reader, key: &str, text: &str) -> Option<Url> {
    match Url::parse(text) {
        Ok(url) if url.scheme() == "http" && url.has_host() && url.path() == "/" => Some(url),
        Ok(_) => {
            read.problem(key, "must be an http URL without a path");
            None
        }
        Err(error) => {
            read.problem(key, format_args!("is not a URL: {error}"));
            None
        }
    }
}

/// Origins are compared byte for byte, so one that no browser would send is a mistake.
fn read_origins(read: &mut Reader) -> Vec<String> {
    let origins = read.list("cors.origins", &[]);
    for origin in &origins {
        let is_canonical =
            Url::parse(origin).is_ok_and(|url| url.origin().ascii_serialization() == *origin);
        if !is_canonical {
            let what = format!("names {origin}, which is not an origin as browsers send it");
            read.problem("cors.origins", what);
        }
    }
    origins
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(pairs: &[(&str, &str)]) -> Result<EdgeSettings, SettingsError> {
        let mut read = Reader::from_pairs("gateway", pairs.iter().copied());
        let settings = EdgeSettings::read(&mut read);
        read.finish(settings)
    }

    #[test]
    fn only_named_services_are_deployed_and_auth_always() {
        let settings =
            edge(&[("GATEWAY__UPSTREAMS__CATALOG__URL", "http://catalog:3002")]).unwrap();
        let deployed: Vec<_> = settings
            .upstreams
            .iter()
            .map(|u| (u.service.name(), u.ops_url.as_str()))
            .collect();
        assert_eq!(
            deployed,
            [
                ("auth", "http://127.0.0.1:9091/"),
                ("catalog", "http://catalog:9092/")
            ]
        );
    }

    #[test]
    fn origins_that_no_browser_sends_are_refused() {
        for origin in [
            "https://shop.example/",
            "shop.example",
            "https://shop.example:443",
            "*",
        ] {
            let error = edge(&[("GATEWAY__CORS__ORIGINS", origin)]).unwrap_err();
            assert!(
                error.to_string().contains("GATEWAY__CORS__ORIGINS"),
                "{origin}"
            );
        }
        assert!(
            edge(&[(
                "GATEWAY__CORS__ORIGINS",
                "https://a.example, http://localhost:5173"
            )])
            .is_ok()
        );
    }

    #[test]
    fn a_service_url_has_no_path() {
        for url in [
            "http://auth:3001/x",
            "https://auth",
            "unix:/tmp/x",
            "auth:3001",
        ] {
            assert!(
                edge(&[("GATEWAY__UPSTREAMS__AUTH__URL", url)]).is_err(),
                "{url}"
            );
        }
    }
}
