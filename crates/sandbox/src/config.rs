//! Settings, each read from `SANDBOX__<NAME>` (a dot is `__`). All have defaults.
//!
//! | name | default | meaning |
//! |---|---|---|
//! | `host`, `port`, `ops_host`, `ops_port`, `workers`, `drain_ms` | `127.0.0.1`, 3900, …, 9101 | sockets (`common::server`) |
//! | `log.level` | `info,actix_server=warn` | what is logged |
//! | `journal_max` | 50000 | facts kept |
//! | `resend.api_key` | any `re_…` | the one key with full access |
//! | `resend.sending_api_key` | any `re_sending_…` | the one key that may send and nothing else |
//! | `resend.domains` | all | comma-separated verified domains to send from |
//! | `resend.rate_limit` | 100 | requests per second |
//! | `resend.mails_max`, `resend.mail_bytes_max` | 5000, 268435456 | mails kept, and their size together |
//! | `resend.delivery_ms` | 200 | from `email.sent` to what became of the mail |
//! | `resend.webhook_url`, `resend.webhook_secret` | none are sent | where webhooks go; `whsec_…` signs them |
//! | `resend.webhook_speedup` | 100 | how many times faster than the vendor webhooks are retried |
//! | `public_url` | `http://<host>:<port>` | where browsers find the sandbox: checkout pages are there |
//! | `paystack.secret_key` | `sk_test_sandbox` | the key that opens the API and signs webhooks |
//! | `paystack.currencies` | `NGN,GHS,KES,ZAR,USD,XOF` | the enabled ones; the first is used where none is given |
//! | `paystack.rate_limit` | 0, which is none | requests per minute |
//! | `paystack.transactions_max`, `paystack.transaction_bytes_max` | 500000, 1073741824 | transactions kept (and as many refunds), and about their size together |
//! | `paystack.refund_step_ms` | 500 | from `pending` to `processing`, and from there to the end of a refund |
//! | `paystack.webhook_url` | `http://127.0.0.1:3000/api/v1/payments/webhook` | where webhooks go; `off` for nowhere |
//! | `paystack.webhook_speedup` | 600 | how many times faster than the vendor webhooks are retried: 3 minutes are 300 ms |
//! | `paystack.webhooks_max`, `paystack.webhooks_at_once` | 50000, 64 | webhooks that wait to be taken, and that are on the wire |

use std::time::Duration;

use common::server::HttpSettings;
use common::settings::{Reader, SettingsError};
use common::telemetry::TelemetrySettings;
use url::Url;

use crate::resend::webhook::Secret;

mod paystack;

pub use paystack::{PaystackSettings, PaystackWebhooks};

/// The port of all vendors, the control and the mailbox.
pub const DEFAULT_PORT: u16 = 3900;
/// The operations port.
pub const DEFAULT_OPS_PORT: u16 = 9101;

/// What is logged unless told otherwise; actix announces each of its workers.
const LOG_LEVEL: &str = "info,actix_server=warn";
const JOURNAL_MAX: usize = 50_000;
const RATE_LIMIT: u32 = 100;
const MAILS_MAX: usize = 5_000;
const MAIL_BYTES_MAX: usize = 256 * 1024 * 1024;
const DELIVERY: Duration = Duration::from_millis(200);
const WEBHOOK_SPEEDUP: u32 = 100;

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Sockets and workers.
    pub http: HttpSettings,
    /// Logs.
    pub telemetry: TelemetrySettings,
    /// Facts that the journal keeps.
    pub journal_max: usize,
    /// Where browsers find the sandbox, if not at its socket.
    pub public_url: Option<Url>,
    /// The mail vendor.
    pub resend: ResendSettings,
    /// The payment vendor.
    pub paystack: PaystackSettings,
}

/// The mail vendor's side of the settings.
#[derive(Debug, Clone)]
pub struct ResendSettings {
    /// The key with full access; any that begins with `re_` if absent.
    pub api_key: Option<String>,
    /// The key that may only send; any that begins with `re_sending_` if neither key is set.
    pub sending_api_key: Option<String>,
    /// Domains to send from; all if empty.
    pub domains: Vec<String>,
    /// Requests per second.
    pub rate_limit: u32,
    /// Mails kept.
    pub mails_max: usize,
    /// Bytes of mail kept.
    pub mail_bytes_max: usize,
    /// From `email.sent` to what became of the mail.
    pub delivery: Duration,
    /// Where webhooks go, and what signs them.
    pub webhook: Option<WebhookSettings>,
}

/// Where webhooks go.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// The receiver.
    pub url: Url,
    /// What signs them.
    pub secret: Secret,
    /// How many times faster than the vendor they are retried.
    pub speedup: u32,
}

impl Settings {
    /// Reads them all.
    ///
    /// # Errors
    /// The list of everything that is wrong.
    pub fn read(mut read: Reader) -> Result<Self, SettingsError> {
        let settings = Self {
            http: HttpSettings::read(&mut read, DEFAULT_PORT, DEFAULT_OPS_PORT),
            telemetry: TelemetrySettings {
                level: read.text("log.level", LOG_LEVEL),
                otlp: None,
                sample_percent: 0,
                // Nothing here knows a user of the shop.
                log_hash: None,
            },
            journal_max: read.number("journal_max", JOURNAL_MAX, 1, 10_000_000),
            public_url: public_url(&mut read),
            resend: ResendSettings::read(&mut read),
            paystack: PaystackSettings::read(&mut read),
        };
        read.finish(settings)
    }
}

fn public_url(read: &mut Reader) -> Option<Url> {
    read.optional("public_url")?;
    Some(web_url(read, "public_url", None))
}

/// An address on the web.
fn web_url(read: &mut Reader, key: &str, default: Option<&str>) -> Url {
    let url = read.url(key, default);
    if !matches!(url.scheme(), "http" | "https") {
        read.problem(key, "must begin with http:// or https://");
    }
    url
}

impl ResendSettings {
    fn read(read: &mut Reader) -> Self {
        Self {
            api_key: read.optional("resend.api_key"),
            sending_api_key: read.optional("resend.sending_api_key"),
            domains: read.list("resend.domains", &[]),
            rate_limit: read.number("resend.rate_limit", RATE_LIMIT, 1, 1_000_000),
            mails_max: read.number("resend.mails_max", MAILS_MAX, 1, 1_000_000),
            mail_bytes_max: read.number("resend.mail_bytes_max", MAIL_BYTES_MAX, 1, usize::MAX),
            delivery: read.millis("resend.delivery_ms", DELIVERY),
            webhook: WebhookSettings::read(read),
        }
    }
}

impl WebhookSettings {
    fn read(read: &mut Reader) -> Option<Self> {
        let url = read.optional("resend.webhook_url");
        let secret = read.optional("resend.webhook_secret");
        let speedup = read.number("resend.webhook_speedup", WEBHOOK_SPEEDUP, 1, 100_000);
        let secret = secret.and_then(|text| match Secret::parse(&text) {
            Ok(secret) => Some(secret),
            Err(problem) => {
                read.problem("resend.webhook_secret", problem);
                None
            }
        });
        url.as_ref()?;
        if secret.is_none() {
            read.problem("resend.webhook_secret", "is needed to sign webhooks");
        }
        let url = web_url(read, "resend.webhook_url", None);
        Some(Self {
            url,
            secret: secret?,
            speedup,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::read(Reader::from_pairs("sandbox", pairs.iter().copied()))
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.http.port, 3900);
        assert_eq!(settings.resend.rate_limit, 100);
        assert!(settings.resend.webhook.is_none());
    }

    #[test]
    fn a_secret_alone_sends_no_webhooks() {
        let settings = read(&[("SANDBOX__RESEND__WEBHOOK_SECRET", "whsec_c2VjcmV0")]).unwrap();
        assert!(settings.resend.webhook.is_none());
    }

    #[test]
    fn every_problem_is_told_and_no_secret() {
        let error = read(&[
            ("SANDBOX__RESEND__WEBHOOK_URL", "ftp://x"),
            ("SANDBOX__RESEND__WEBHOOK_SECRET", "whsec_!!hidden"),
            ("SANDBOX__RESEND__RATE_LIMT", "5"),
            ("SANDBOX__PORT", "http"),
        ])
        .unwrap_err()
        .to_string();
        for part in ["WEBHOOK_URL", "WEBHOOK_SECRET", "RATE_LIMT", "PORT"] {
            assert!(error.contains(part), "{error}");
        }
        assert!(!error.contains("hidden"), "{error}");
    }

    #[test]
    fn webhooks_need_a_secret() {
        let error = read(&[("SANDBOX__RESEND__WEBHOOK_URL", "http://127.0.0.1:1/x")]).unwrap_err();
        assert!(
            error.to_string().contains("is needed to sign webhooks"),
            "{error}"
        );
    }
}
