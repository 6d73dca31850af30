//! Settings. Every variable begins with `NOTIFICATIONS__`; groups that every service has are described where they are
//! read (`common`, `messaging`). Those of this service:
//!
//! | variable | default | meaning |
//! |---|---|---|
//! | `DATABASE__URL` | required | where PostgreSQL is (as role `notifications`) |
//! | `DATABASE__OWNER_URL` | for `migrate` only | PostgreSQL as role `notifications_owner` |
//! | `AMQP__URL`, `AMQP__CA_FILE`, `AMQP__PREFIX`, `EVENTS__DEPLOYED` | required, the system's authorities, none, required | RabbitMQ, and which services run |
//! | `PII__KEYS_FILE` | required | file with the keys that seal addresses and mails, and the key of their blind index |
//! | `SERVICE_KEY__FILE`, `SERVICE_KEYS__FILE` | required | this service's key, and the public keys of all |
//! | `LOG_HASH__KEY_FILE` | required | key of the hash that stands for a user in logs |
//! | `UPSTREAMS__AUTH__URL` | `http://127.0.0.1:3001` | auth: what mails about accounts say, keys, revocations |
//! | `UPSTREAMS__ORDERS__URL` | `http://127.0.0.1:3005` | orders: what mails about orders say |
//! | `UPSTREAMS__PAYMENTS__URL` | `http://127.0.0.1:3006` | payments: asked for events that a new queue has missed |
//! | `FINANCE_EMAIL` | none | addresses, separated by commas, that get the report of each reconciliation of payments |
//! | `MERCHANT_EMAIL` | none | where notices of sales go; without it there are none |
//! | `RESEND__URL` | `https://api.resend.com` | the mail provider |
//! | `RESEND__API_KEY` | required | its key; one that may only send is enough |
//! | `RESEND__FROM` | `<shop name> <onboarding@resend.dev>` | in whose name mails are sent, `Name <address>`: the domain must be verified at the provider, and the default reaches the account's owner only |
//! | `RESEND__RATE_PER_SECOND` | 2 | requests to the provider, of this process |
//! | `SENDING_LEASE_SECS` | 90 | how long a mail stays with a sender that does nothing more: over twice what asking for its content, waiting for a turn and asking the provider may take |
//! | `RESEND__WEBHOOK_SECRET`, `RESEND__WEBHOOK_SECRET_PREVIOUS` | required, none | what the provider signs with (`whsec_…`); the previous one while they are exchanged |
//! | `SHOP_NAME`, `SHOP_ZONE` | `Agape`, `Africa/Lagos` | what mails call the shop, and whose clock they show |
//! | `HOST`, `PORT`, `OPS_HOST`, `OPS_PORT`, `WORKERS`, `DRAIN_MS` | ports 3007 and 9097 | HTTP |
//! | `LOG__LEVEL`, `OTLP__ENDPOINT`, `OTLP__SAMPLE_PERCENT` | `info`, none, 100 | logs and traces |
//! | `TOKENS__ISSUER`, `TOKENS__AUDIENCE` | `agape`, `agape-api` | expected in tokens |
//! | `TOKENS__REQUIRE_STAFF_2FA` | `true` | staff permissions need a session with a second factor |

use chassis::ServiceSettings;
use chrono::TimeDelta;
use chrono_tz::Tz;
use common::crypto::Sealer;
use common::settings::{Reader, SettingsError};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::domain::address::Address;
use crate::domain::webhook_signature::WebhookSecret;

/// The port clients reach.
pub const DEFAULT_PORT: u16 = 3007;
/// The port operators reach.
pub const DEFAULT_OPS_PORT: u16 = 9097;

/// The address that the provider lends to accounts without a domain.
const LENT_ADDRESS: &str = "onboarding@resend.dev";

/// Everything the service can be told.
#[derive(Debug)]
pub struct Settings {
    /// What every service has.
    pub service: ServiceSettings,
    /// The mail provider.
    pub resend: ResendSettings,
    /// How long a mail stays with a sender that does nothing more.
    pub sending_lease: TimeDelta,
    /// What mails call the shop.
    pub shop_name: String,
    /// Whose clock mails show.
    pub shop_zone: Tz,
    /// Where orders listens.
    pub orders_url: Url,
    /// Where notices of sales go, if anywhere.
    pub(crate) merchant_email: Option<Address>,
    /// Where reports about payments go, each address once.
    pub(crate) finance_emails: Vec<Address>,
    /// Content of the file with the keys of personal data.
    pub pii_keys: Vec<u8>,
}

/// How to reach the mail provider, and how it reaches us.
#[derive(Debug)]
pub struct ResendSettings {
    /// Where its API is.
    pub url: Url,
    /// Its key.
    pub api_key: SecretString,
    /// In whose name mails are sent.
    pub from: String,
    /// Requests a second, of this process.
    pub rate_per_second: u32,
    /// What webhooks are signed with; any of them is believed.
    pub(crate) webhook_secrets: Vec<WebhookSecret>,
}

impl Settings {
    /// Reads everything.
    ///
    /// # Errors
    /// With everything that is missing or wrong.
    pub fn read(mut read: Reader) -> Result<Self, SettingsError> {
        let shop_name = read_shop_name(&mut read);
        let settings = Self {
            service: ServiceSettings::read(
                &mut read,
                "notifications",
                (DEFAULT_PORT, DEFAULT_OPS_PORT),
            ),
            resend: ResendSettings::read(&mut read, &shop_name),
            shop_zone: read.parsed("shop_zone", Tz::Africa__Lagos),
            shop_name,
            orders_url: read.url("upstreams.orders.url", Some("http://127.0.0.1:3005")),
            merchant_email: read_merchant_email(&mut read),
            sending_lease: TimeDelta::seconds(read.number("sending_lease_secs", 90, 5, 3_600)),
            finance_emails: read_finance_emails(&mut read),
            pii_keys: read_pii_keys(&mut read),
        };
        read.finish(settings)
    }
}

impl ResendSettings {
    fn read(read: &mut Reader, shop_name: &str) -> Self {
        let default_from = format!("{shop_name} <{LENT_ADDRESS}>");
        let from = read.text("resend.from", &default_from);
        if !is_sender(&from) {
            read.problem("resend.from", "must be `Name <address>` or an address");
        }
        Self {
            url: read.url("resend.url", Some("https://api.resend.com")),
            api_key: read.secret("resend.api_key"),
            from,
            rate_per_second: read.number("resend.rate_per_second", 2, 1, 1_000),
            webhook_secrets: read_webhook_secrets(read),
        }
    }
}

fn read_webhook_secrets(read: &mut Reader) -> Vec<WebhookSecret> {
    let current = read.secret("resend.webhook_secret");
    let mut given = vec![("resend.webhook_secret", current.expose_secret().to_owned())];
    if let Some(previous) = read.optional("resend.webhook_secret_previous") {
        given.push(("resend.webhook_secret_previous", previous));
    }
    let mut secrets = Vec::new();
    for (key, text) in given.iter().filter(|(_, text)| !text.is_empty()) {
        match WebhookSecret::parse(text) {
            Ok(secret) => secrets.push(secret),
            Err(error) => read.problem(key, error),
        }
    }
    secrets
}

fn read_merchant_email(read: &mut Reader) -> Option<Address> {
    let text = read.optional("merchant_email")?;
    let address = Address::parse(&text);
    if let Err(error) = address {
        read.problem("merchant_email", error);
    }
    address.ok()
}

fn read_finance_emails(read: &mut Reader) -> Vec<Address> {
    let mut addresses: Vec<Address> = Vec::new();
    for text in read.list("finance_email", &[]) {
        match Address::parse(&text) {
            Ok(address) => {
                let is_known = |other: &Address| other.canonical() == address.canonical();
                if !addresses.iter().any(is_known) {
                    addresses.push(address);
                }
            }
            Err(error) => read.problem("finance_email", error),
        }
    }
    addresses
}

/// It stands in subjects and in front of the sender's address.
fn read_shop_name(read: &mut Reader) -> String {
    let name = read.text("shop_name", "Agape");
    if name.chars().count() > 60 || name.chars().any(|c| c.is_control() || "<>\",".contains(c)) {
        read.problem(
            "shop_name",
            "must be at most 60 characters, without any of < > \" ,",
        );
    }
    name
}

fn read_pii_keys(read: &mut Reader) -> Vec<u8> {
    let bytes = read.secret_file("pii.keys_file");
    if !bytes.is_empty() && Sealer::from_key_file(&bytes).is_err() {
        read.problem("pii.keys_file", "is not a key file");
    }
    bytes
}

/// The provider takes `email@example.com` or `Name <email@example.com>`.
fn is_sender(text: &str) -> bool {
    match text.split_once('<') {
        None => Address::parse(text).is_ok(),
        Some((name, rest)) => {
            let address = rest.strip_suffix('>').unwrap_or_default();
            let is_name = !name.trim().is_empty() && !name.chars().any(char::is_control);
            is_name && Address::parse(address).is_ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(pairs: &[(&str, &str)]) -> String {
        Settings::read(Reader::from_pairs("notifications", pairs.iter().copied()))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_bare_start_lists_everything_that_is_missing() {
        let error = problems(&[]);
        for variable in [
            "NOTIFICATIONS__DATABASE__URL",
            "NOTIFICATIONS__AMQP__URL",
            "NOTIFICATIONS__EVENTS__DEPLOYED",
            "NOTIFICATIONS__PII__KEYS_FILE",
            "NOTIFICATIONS__SERVICE_KEY__FILE",
            "NOTIFICATIONS__LOG_HASH__KEY_FILE",
            "NOTIFICATIONS__RESEND__API_KEY",
            "NOTIFICATIONS__RESEND__WEBHOOK_SECRET",
        ] {
            assert!(error.contains(variable), "{variable} in {error}");
        }
        assert!(!error.contains("RESEND__FROM"), "{error}");
    }

    #[test]
    fn what_no_mail_could_be_sent_with_stops_the_start() {
        let error = problems(&[
            ("NOTIFICATIONS__RESEND__FROM", "Agape no-reply@shop.example"),
            ("NOTIFICATIONS__RESEND__WEBHOOK_SECRET", "whsec_hush!"),
            ("NOTIFICATIONS__RESEND__RATE_PER_SECOND", "0"),
            ("NOTIFICATIONS__SHOP_ZONE", "Lagos"),
            ("NOTIFICATIONS__SHOP_NAME", "Agape <b>"),
            ("NOTIFICATIONS__MERCHANT_EMAIL", "sales"),
            ("NOTIFICATIONS__FINANCE_EMAIL", "books@shop.example,money"),
        ]);
        for variable in [
            "RESEND__FROM",
            "RESEND__WEBHOOK_SECRET must",
            "RATE_PER_SECOND",
            "SHOP_ZONE",
            "SHOP_NAME",
            "MERCHANT_EMAIL",
            "FINANCE_EMAIL",
        ] {
            assert!(error.contains(variable), "{variable} in {error}");
        }
        assert!(!error.contains("hush"), "a secret is never shown: {error}");
    }

    #[test]
    fn senders_are_addresses_with_or_without_a_name() {
        for good in [
            "a@b.example",
            "Agape <no-reply@shop.example>",
            "A & B Ltd <x@y.example>",
        ] {
            assert!(is_sender(good), "{good}");
        }
        for bad in [
            "",
            "Agape",
            "<a@b.example>",
            "Agape <a@b.example",
            "Agape <a@b, c@d>",
        ] {
            assert!(!is_sender(bad), "{bad}");
        }
    }
}
