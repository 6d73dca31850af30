//! The payment vendor's side of the settings.

use std::time::Duration;

use common::settings::Reader;
use money::Currency;
use url::Url;

use super::web_url;
use crate::paystack::SecretKey;

/// A key that the sandbox takes and the real vendor does not.
const SECRET_KEY: &str = "sk_test_sandbox";
const CURRENCIES: [&str; 6] = ["NGN", "GHS", "KES", "ZAR", "USD", "XOF"];
const TRANSACTIONS_MAX: usize = 500_000;
const TRANSACTION_BYTES_MAX: usize = 1024 * 1024 * 1024;
const REFUND_STEP: Duration = Duration::from_millis(500);
/// The payments service, behind the gateway.
const WEBHOOK_URL: &str = "http://127.0.0.1:3000/api/v1/payments/webhook";
const WEBHOOK_SPEEDUP: u32 = 600;
const WEBHOOKS_MAX: usize = 50_000;
const WEBHOOKS_AT_ONCE: usize = 64;
/// The place of webhooks that go nowhere.
const OFF: &str = "off";

/// The payment vendor's side of the settings.
#[derive(Debug, Clone)]
pub struct PaystackSettings {
    /// The key that opens the API and signs webhooks.
    pub secret_key: SecretKey,
    /// The enabled currencies; the first is used where none is given.
    pub currencies: Vec<Currency>,
    /// Requests per minute; none are too many if 0.
    pub rate_limit: u32,
    /// Transactions kept.
    pub transactions_max: usize,
    /// About how many bytes of transactions are kept.
    pub transaction_bytes_max: usize,
    /// From each state of a refund to the next.
    pub refund_step: Duration,
    /// Where webhooks go.
    pub webhook: Option<PaystackWebhooks>,
}

/// Where webhooks go.
#[derive(Debug, Clone)]
pub struct PaystackWebhooks {
    /// The receiver.
    pub url: Url,
    /// How many times faster than the vendor they are retried.
    pub speedup: u32,
    /// Webhooks that wait to be taken, at most.
    pub waiting_max: usize,
    /// Webhooks on the wire, at most.
    pub at_once_max: usize,
}

impl PaystackSettings {
    pub(super) fn read(read: &mut Reader) -> Self {
        Self {
            secret_key: secret_key(read),
            currencies: currencies(read),
            rate_limit: read.number("paystack.rate_limit", 0, 0, 1_000_000),
            transactions_max: read.number(
                "paystack.transactions_max",
                TRANSACTIONS_MAX,
                1,
                10_000_000,
            ),
            transaction_bytes_max: read.number(
                "paystack.transaction_bytes_max",
                TRANSACTION_BYTES_MAX,
                1,
                usize::MAX,
            ),
            refund_step: read.millis("paystack.refund_step_ms", REFUND_STEP),
            webhook: PaystackWebhooks::read(read),
        }
    }
}

fn secret_key(read: &mut Reader) -> SecretKey {
    const KEY: &str = "paystack.secret_key";
    let text = read.text(KEY, SECRET_KEY);
    SecretKey::parse(&text).unwrap_or_else(|problem| {
        read.problem(KEY, problem);
        SecretKey::of_a_forger()
    })
}

fn currencies(read: &mut Reader) -> Vec<Currency> {
    const KEY: &str = "paystack.currencies";
    let mut currencies = Vec::new();
    for code in read.list(KEY, &CURRENCIES) {
        match code.parse() {
            Ok(currency) => currencies.push(currency),
            Err(problem) => read.problem(KEY, problem),
        }
    }
    if currencies.is_empty() {
        read.problem(KEY, "must name a currency");
    }
    currencies
}

impl PaystackWebhooks {
    fn read(read: &mut Reader) -> Option<Self> {
        const KEY: &str = "paystack.webhook_url";
        let speedup = read.number("paystack.webhook_speedup", WEBHOOK_SPEEDUP, 1, 1_000_000);
        let waiting_max = read.number("paystack.webhooks_max", WEBHOOKS_MAX, 1, 1_000_000);
        let at_once_max = read.number("paystack.webhooks_at_once", WEBHOOKS_AT_ONCE, 1, 10_000);
        if read.optional(KEY).as_deref() == Some(OFF) {
            return None;
        }
        Some(Self {
            url: web_url(read, KEY, Some(WEBHOOK_URL)),
            speedup,
            waiting_max,
            at_once_max,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use common::settings::{Reader, SettingsError};

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::read(Reader::from_pairs("sandbox", pairs.iter().copied()))
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let settings = read(&[]).unwrap().paystack;
        assert!(settings.secret_key.is("sk_test_sandbox"));
        assert_eq!(settings.currencies.len(), 6);
        let webhook = settings.webhook.unwrap();
        assert_eq!(
            webhook.url.as_str(),
            "http://127.0.0.1:3000/api/v1/payments/webhook"
        );
        assert_eq!(webhook.speedup, 600);
    }

    #[test]
    fn webhooks_can_be_turned_off() {
        let settings = read(&[("SANDBOX__PAYSTACK__WEBHOOK_URL", "off")]).unwrap();
        assert!(settings.paystack.webhook.is_none());
    }

    #[test]
    fn every_problem_is_told_and_no_key() {
        let error = read(&[
            ("SANDBOX__PAYSTACK__SECRET_KEY", "pk_live_hidden"),
            ("SANDBOX__PAYSTACK__CURRENCIES", "NGN,EUR"),
            ("SANDBOX__PAYSTACK__WEBHOOK_URL", "mailto:a@b.c"),
            ("SANDBOX__PUBLIC_URL", "ftp://x"),
        ])
        .unwrap_err()
        .to_string();
        for part in ["SECRET_KEY", "CURRENCIES", "WEBHOOK_URL", "PUBLIC_URL"] {
            assert!(error.contains(part), "{error}");
        }
        assert!(!error.contains("hidden"), "{error}");
    }
}
