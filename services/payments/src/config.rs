//! Settings. Every variable begins with `PAYMENTS__`; groups that every service has are described where they are
//! read (`common`, `messaging`). Those of this service:
//!
//! | variable | default | meaning |
//! |---|---|---|
//! | `DATABASE__URL` | required | where PostgreSQL is (as role `payments`) |
//! | `DATABASE__OWNER_URL` | for `migrate` only | PostgreSQL as role `payments_owner` |
//! | `AMQP__URL`, `AMQP__CA_FILE`, `AMQP__PREFIX`, `EVENTS__DEPLOYED` | required, the system's authorities, none, required | RabbitMQ, and which services run |
//! | `PII__KEYS_FILE` | required | file with the keys that seal what the provider tells |
//! | `SERVICE_KEY__FILE`, `SERVICE_KEYS__FILE` | required | this service's key, and the public keys of all |
//! | `LOG_HASH__KEY_FILE` | required | key of the hash that stands for a user in logs |
//! | `UPSTREAMS__AUTH__URL` | `http://127.0.0.1:3001` | auth: keys, revocations |
//! | `UPSTREAMS__ORDERS__URL` | `http://127.0.0.1:3005` | orders: what is due |
//! | `UPSTREAMS__NOTIFICATIONS__URL` | `http://127.0.0.1:3007` | notifications: which mails left, as evidence in disputes |
//! | `PAYSTACK__BASE_URL` | `https://api.paystack.co` | the payment provider |
//! | `PAYSTACK__SECRET_KEY` | required | its secret key, `sk_test_…` or `sk_live_…`; it also signs webhooks |
//! | `PAYSTACK__PREVIOUS_SECRET_KEY` | none | the key before, of the same world: its webhooks are believed while the two are exchanged |
//! | `PAYSTACK__TIMEOUT_MS` | 10000 | how long one call may take |
//! | `PAYSTACK__CHANNELS` | those of the account | ways to pay that are offered, such as `card,bank_transfer` |
//! | `PAYSTACK__FEES_BORNE_BY` | `shop` | `buyer` if the account adds its fees to what is due |
//! | `PUBLIC_URL` | `http://127.0.0.1:3000` | where buyers reach the API; they come back to it from the provider |
//! | `STOREFRONT_URL` | none: a small page | where buyers are sent once they came back |
//! | `CALLBACK_ORIGINS` | those of the two above | origins that a buyer may be sent back to |
//! | `SESSION_TIMEOUT_SECS` | 900 | an attempt that nobody paid counts as abandoned after so long |
//! | `MISMATCH_HOLD` | 86400 | seconds until a capture that settles nothing is paid back by itself |
//! | `TIME_ZONE` | `Africa/Lagos` | the shop's zone: of business dates |
//! | `RECONCILIATION__NIGHTLY` | `true` | whether each date is compared with the provider by itself; `false` where a timer runs `payments reconcile` |
//! | `RECONCILIATION__AT` | `02:00` | at which time of the day after it, in the shop's zone |
//! | `RECONCILIATION__DAYS` | 3 | how many days before it are compared once more with a date |
//! | `RECONCILIATION__LEASE_MS` | 15000 | after so long without a sign of life another process carries a run on |
//! | `POLL__EVERY_SECS` | 45 | how soon after its beginning, and how often at first, an attempt is asked about: what a crash lost is in process within a minute |
//! | `IN_HAND_SECS` | 30 | how long a webhook, or a payment that is asked about, stays with a worker that does nothing more; whoever takes longer may find it worked on by another as well, which does no harm |
//! | `SETTLEMENTS__EVERY_SECS` | 3600 | how often the provider is asked what it has paid out; 0: never |
//! | `SETTLEMENTS__OVERLAP_DAYS` | 7 | how far each look reaches back behind the one before, for what has changed since |
//! | `SETTLEMENTS__MATCH_DAYS` | 3 | how far the bank's value date may be from the settlement's for the two to be matched by themselves |
//! | `SETTLEMENTS__CREDIT_DUE_DAYS` | 0 | after how long people are told that a settlement has not arrived at the bank; 0: never |
//! | `DISPUTES__POLL_EVERY_SECS` | 600 | how often the provider is asked for disputes that it did not tell of |
//! | `DISPUTES__REMIND_BEFORE_SECS` | 14400 | how long before a dispute's deadline people are reminded of it |
//! | `DISPUTES__ANSWER_WITHIN_HOURS` | 16 | how long the provider waits for an answer where it names no deadline |
//! | `DISPUTES__ANSWER_WITHIN_HOURS_OF` | none | the same for some currencies, such as `GHS=24,KES=24` |
//! | `WEBHOOK__POOL` | 2 | database connections for webhooks alone |
//! | `WEBHOOK__AT_ONCE` | 8 | webhooks that are worked on at a time, of this process |
//! | `HOST`, `PORT`, `OPS_HOST`, `OPS_PORT`, `WORKERS`, `DRAIN_MS` | ports 3006 and 9096 | HTTP |
//! | `LOG__LEVEL`, `OTLP__ENDPOINT`, `OTLP__SAMPLE_PERCENT` | `info`, none, 100 | logs and traces |
//! | `TOKENS__ISSUER`, `TOKENS__AUDIENCE` | `agape`, `agape-api` | expected in tokens |
//! | `TOKENS__REQUIRE_STAFF_2FA` | `true` | staff permissions need a session with a second factor |

use std::time::Duration;

use chassis::ServiceSettings;
use chrono::TimeDelta;
use common::crypto::Sealer;
use common::settings::{Reader, SettingsError};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use url::Url;

use crate::domain::fees::FeeBearer;
use crate::domain::mode::Mode;
use crate::domain::webhook_signature::{SigningKey, SigningKeys};

mod disputes;
mod reconciliation;
mod settlements;

pub use disputes::DisputeSettings;
pub use reconciliation::ReconciliationSettings;
pub use settlements::SettlementSettings;

/// The port clients reach.
pub const DEFAULT_PORT: u16 = 3006;
/// The port operators reach.
pub const DEFAULT_OPS_PORT: u16 = 9096;

/// Everything the service can be told.
#[derive(Debug)]
pub struct Settings {
    /// What every service has.
    pub service: ServiceSettings,
    /// Orders.
    pub orders_url: Url,
    /// Notifications.
    pub notifications_url: Url,
    /// The payment provider.
    pub paystack: PaystackSettings,
    /// Where buyers come back to from the provider.
    pub public_url: Url,
    /// Where they are sent then.
    pub storefront_url: Option<Url>,
    /// Origins that a buyer may be sent back to, such as `https://shop.example`.
    pub callback_origins: Vec<String>,
    /// After how long an attempt that nobody paid counts as abandoned.
    pub session_timeout: TimeDelta,
    /// How long a capture that settles nothing is held before it is paid back.
    pub mismatch_hold: TimeDelta,
    /// How often an attempt is asked about at first.
    pub poll_every: TimeDelta,
    /// How long something stays with a worker that does nothing more.
    pub in_hand: TimeDelta,
    /// What the provider pays out.
    pub settlements: SettlementSettings,
    /// When and how payments are compared with the provider's.
    pub reconciliation: ReconciliationSettings,
    /// Disputes.
    pub disputes: DisputeSettings,
    /// Database connections for webhooks alone.
    pub webhook_pool: u32,
    /// Webhooks that are worked on at a time.
    pub webhooks_at_once: usize,
    /// Content of the file with the keys of personal data.
    pub pii_keys: SecretSlice<u8>,
}

/// How to reach the payment provider, and how it reaches us.
#[derive(Debug)]
pub struct PaystackSettings {
    /// Where its API is.
    pub base_url: Url,
    /// Its key.
    pub secret_key: SecretString,
    /// How long one call may take.
    pub timeout: Duration,
    /// Ways to pay that are offered; none: those that the account has.
    pub channels: Vec<String>,
    /// Which of its worlds the key opens.
    pub(crate) mode: Mode,
    /// What webhooks are signed with.
    pub(crate) signing_keys: SigningKeys,
    /// Who bears its fees.
    pub(crate) fees_borne_by: FeeBearer,
}

impl Settings {
    /// Reads everything.
    ///
    /// # Errors
    /// With everything that is missing or wrong.
    pub fn read(mut read: Reader) -> Result<Self, SettingsError> {
        let ports = (DEFAULT_PORT, DEFAULT_OPS_PORT);
        let public_url = read_web_url(&mut read, "public_url", "http://127.0.0.1:3000");
        let storefront_url = read_storefront(&mut read);
        let settings = Self {
            service: ServiceSettings::read(&mut read, "payments", ports),
            orders_url: read.url("upstreams.orders.url", Some("http://127.0.0.1:3005")),
            notifications_url: read
                .url("upstreams.notifications.url", Some("http://127.0.0.1:3007")),
            paystack: PaystackSettings::read(&mut read),
            callback_origins: read_origins(&mut read, &public_url, storefront_url.as_ref()),
            public_url,
            storefront_url,
            session_timeout: seconds(&mut read, "session_timeout_secs", 900, 60),
            mismatch_hold: seconds(&mut read, "mismatch_hold", 86_400, 0),
            poll_every: seconds(&mut read, "poll.every_secs", 45, 1),
            in_hand: seconds(&mut read, "in_hand_secs", 30, 5),
            settlements: SettlementSettings::read(&mut read),
            reconciliation: ReconciliationSettings::read(&mut read),
            disputes: DisputeSettings::read(&mut read),
            webhook_pool: read.number("webhook.pool", 2, 1, 100),
            webhooks_at_once: read.number("webhook.at_once", 8, 1, 100),
            pii_keys: read_pii_keys(&mut read),
        };
        read.finish(settings)
    }
}

impl PaystackSettings {
    fn read(read: &mut Reader) -> Self {
        let secret_key = read.secret("paystack.secret_key");
        let current = secret_key.expose_secret();
        let mode = Mode::of_key(current);
        if mode.is_none() && !current.is_empty() {
            read.problem(
                "paystack.secret_key",
                "must begin with sk_test_ or sk_live_",
            );
        }
        let previous = read_previous_key(read, mode);
        let most = Duration::from_secs(10);
        Self {
            base_url: read_web_url(read, "paystack.base_url", "https://api.paystack.co"),
            timeout: read.millis("paystack.timeout_ms", most).min(most),
            channels: read.list("paystack.channels", &[]),
            mode: mode.unwrap_or(Mode::Test),
            signing_keys: SigningKeys {
                current: SigningKey::new(current),
                previous: previous.as_deref().map(SigningKey::new),
            },
            fees_borne_by: read.parsed("paystack.fees_borne_by", FeeBearer::Shop),
            secret_key,
        }
    }
}

/// The key before. One of the other world would have play money believed to be real, so it is none.
fn read_previous_key(read: &mut Reader, mode: Option<Mode>) -> Option<String> {
    let key = read.optional("paystack.previous_secret_key")?;
    let problem = match (Mode::of_key(&key), mode) {
        (None, _) => "must begin with sk_test_ or sk_live_",
        (Some(previous), Some(current)) if previous != current => {
            "must be of the same world, test or live, as the key in use"
        }
        (Some(_), _) => return Some(key),
    };
    read.problem("paystack.previous_secret_key", problem);
    None
}

fn seconds(read: &mut Reader, key: &str, default: i64, least: i64) -> TimeDelta {
    TimeDelta::seconds(read.number(key, default, least, 366 * 86_400))
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.host_str().is_some()
}

fn read_web_url(read: &mut Reader, key: &str, default: &str) -> Url {
    let url = read.url(key, Some(default));
    if !is_web(&url) {
        read.problem(key, "must be an http or https URL");
    }
    url
}

fn read_storefront(read: &mut Reader) -> Option<Url> {
    let text = read.optional("storefront_url")?;
    match Url::parse(&text) {
        Ok(url) if is_web(&url) => Some(url),
        _ => {
            read.problem("storefront_url", "must be an http or https URL");
            None
        }
    }
}

fn read_origins(read: &mut Reader, public: &Url, storefront: Option<&Url>) -> Vec<String> {
    let own = [Some(public), storefront];
    let own: Vec<String> = own.into_iter().flatten().map(origin).collect();
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let given = read.list("callback_origins", &own);
    let mut origins = Vec::new();
    for text in given {
        match Url::parse(&text) {
            Ok(url) if is_web(&url) && url.path() == "/" && url.query().is_none() => {
                origins.push(origin(&url));
            }
            _ => read.problem(
                "callback_origins",
                "must be origins such as https://shop.example",
            ),
        }
    }
    origins
}

/// The origin of a URL, in the one way that it is written here.
pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn read_pii_keys(read: &mut Reader) -> SecretSlice<u8> {
    let bytes = read.secret_file("pii.keys_file");
    if !bytes.is_empty() && Sealer::from_key_file(&bytes).is_err() {
        read.problem("pii.keys_file", "is not a key file");
    }
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(pairs: &[(&str, &str)]) -> String {
        Settings::read(Reader::from_pairs("payments", pairs.iter().copied()))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_bare_start_lists_everything_that_is_missing() {
        let error = problems(&[]);
        for variable in [
            "PAYMENTS__DATABASE__URL",
            "PAYMENTS__AMQP__URL",
            "PAYMENTS__PII__KEYS_FILE",
            "PAYMENTS__PAYSTACK__SECRET_KEY is missing",
        ] {
            assert!(error.contains(variable), "{variable} in {error}");
        }
        assert!(!error.contains("PUBLIC_URL"), "{error}");
    }

    #[test]
    fn what_no_payment_could_be_taken_with_stops_the_start() {
        let error = problems(&[
            ("PAYMENTS__PAYSTACK__SECRET_KEY", "pk_test_hush"),
            ("PAYMENTS__PAYSTACK__PREVIOUS_SECRET_KEY", "hush"),
            ("PAYMENTS__PAYSTACK__FEES_BORNE_BY", "nobody"),
            ("PAYMENTS__CALLBACK_ORIGINS", "https://shop.example/path"),
            ("PAYMENTS__STOREFRONT_URL", "javascript:alert(1)"),
            ("PAYMENTS__SESSION_TIMEOUT_SECS", "0"),
        ]);
        for variable in [
            "PAYSTACK__SECRET_KEY must begin",
            "PREVIOUS_SECRET_KEY must begin",
            "FEES_BORNE_BY",
            "CALLBACK_ORIGINS",
            "STOREFRONT_URL",
            "SESSION_TIMEOUT_SECS",
        ] {
            assert!(error.contains(variable), "{variable} in {error}");
        }
        assert!(!error.contains("hush"), "a secret is never shown: {error}");
    }

    #[test]
    fn the_key_before_is_of_the_same_world() {
        for (current, previous, is_refused) in [
            ("sk_live_new", "sk_test_old", true),
            ("sk_test_new", "sk_live_old", true),
            ("sk_test_new", "sk_test_old", false),
        ] {
            let error = problems(&[
                ("PAYMENTS__PAYSTACK__SECRET_KEY", current),
                ("PAYMENTS__PAYSTACK__PREVIOUS_SECRET_KEY", previous),
            ]);
            let found = error.contains("PREVIOUS_SECRET_KEY must be of the same world");
            assert_eq!(found, is_refused, "{error}");
        }
    }
}
