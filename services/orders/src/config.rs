//! Settings. Every variable begins with `ORDERS__`; groups that every service has are described where they are
//! read (`common`, `messaging`). Those of this service:
//!
//! | variable | default | meaning |
//! |---|---|---|
//! | `DATABASE__URL` | required | where PostgreSQL is (as role `orders`) |
//! | `DATABASE__OWNER_URL` | for `migrate` only | PostgreSQL as role `orders_owner` |
//! | `AMQP__URL`, `AMQP__CA_FILE`, `AMQP__PREFIX`, `EVENTS__DEPLOYED` | required, the system's authorities, none, required | RabbitMQ, and which services run |
//! | `PII__KEYS_FILE` | required | file with the keys that seal addresses and invoices, and the key of their blind index |
//! | `SERVICE_KEY__FILE`, `SERVICE_KEYS__FILE` | required | this service's key, and the public keys of all |
//! | `LOG_HASH__KEY_FILE` | required | key of the hash that stands for a user in logs |
//! | `UPSTREAMS__AUTH__URL` | `http://127.0.0.1:3001` | auth: keys, revocations, buyers' e-mail |
//! | `UPSTREAMS__PAYMENTS__URL` | `http://127.0.0.1:3006` | payments: asked for events that a new queue has missed |
//! | `UPSTREAMS__CATALOG__URL` | `http://127.0.0.1:3002` | the catalogue: prices |
//! | `UPSTREAMS__INVENTORY__URL` | `http://127.0.0.1:3003` | inventory: holds and sales |
//! | `UPSTREAMS__CART__URL` | `http://127.0.0.1:3004` | carts that are ordered |
//! | `PRICES_INCLUDE_TAX` | `false` | whether the catalogue's prices have the tax in them |
//! | `AMOUNT_MAX` | `NGN=10000000,GHS=100000,KES=1000000,ZAR=150000,USD=10000,XOF=5000000` | an order's total at most |
//! | `HOLD_SECS` | 900 | how long the goods of an unpaid order are held |
//! | `TIME_ZONE` | `Africa/Lagos` | the shop's; order numbers and invoices are dated in it |
//! | `SELLER__NAME`, `SELLER__ADDRESS`, `SELLER__TAX_ID`, `SELLER__EMAIL` | `Agape`, `Lagos, Nigeria`, none, none | on invoices; lines of the address are separated by `\|` |
//! | `SWEEP_MS` | 1000 | how often orders that got stuck are looked for |
//! | `HOST`, `PORT`, `OPS_HOST`, `OPS_PORT`, `WORKERS`, `DRAIN_MS` | ports 3005 and 9095 | HTTP |
//! | `LOG__LEVEL`, `OTLP__ENDPOINT`, `OTLP__SAMPLE_PERCENT` | `info`, none, 100 | logs and traces |
//! | `TOKENS__ISSUER`, `TOKENS__AUDIENCE` | `agape`, `agape-api` | expected in tokens |
//! | `TOKENS__REQUIRE_STAFF_2FA` | `true` | staff permissions need a session with a second factor |

use std::collections::BTreeMap;
use std::time::Duration;

use chassis::ServiceSettings;
use chrono_tz::Tz;
use common::crypto::Sealer;
use common::settings::{Reader, SettingsError};
use money::{Amount, Currency};
use url::Url;

use crate::domain::totals::Prices;

/// The port clients reach.
pub const DEFAULT_PORT: u16 = 3005;
/// The port operators reach.
pub const DEFAULT_OPS_PORT: u16 = 9095;

/// What an order may come to at most, unless told otherwise; in naira by the shop's own rule, in others about as much.
const AMOUNTS_MAX: [&str; 6] = [
    "NGN=10000000",
    "GHS=100000",
    "KES=1000000",
    "ZAR=150000",
    "USD=10000",
    "XOF=5000000",
];

/// Everything the service can be told.
#[derive(Debug)]
pub struct Settings {
    /// What every service has.
    pub service: ServiceSettings,
    /// Where siblings are.
    pub upstreams: Upstreams,
    /// Content of the file with the keys of personal data.
    pub pii_keys: Vec<u8>,
    /// Whether prices have the tax in them.
    pub(crate) prices: Prices,
    /// What an order may come to at most, in hundredths.
    pub(crate) amount_max: BTreeMap<&'static str, i64>,
    /// How long the goods of an unpaid order are held.
    pub hold: Duration,
    /// The shop's time zone.
    pub time_zone: Tz,
    /// Who sells.
    pub seller: Seller,
    /// How often orders that got stuck are looked for.
    pub sweep: Duration,
}

/// Where siblings are.
#[derive(Debug, Clone)]
pub struct Upstreams {
    /// Auth.
    pub auth: Url,
    /// The catalogue.
    pub catalog: Url,
    /// Inventory.
    pub inventory: Url,
    /// Carts.
    pub cart: Url,
}

/// Who sells, as it stands on invoices.
#[derive(Debug, Clone)]
pub struct Seller {
    /// Its name.
    pub name: String,
    /// Its address, line by line.
    pub address: Vec<String>,
    /// Its number at the tax office.
    pub tax_id: Option<String>,
    /// Where it is written to.
    pub email: Option<String>,
}

impl Settings {
    /// Reads everything.
    ///
    /// # Errors
    /// With everything that is missing or wrong.
    pub fn read(mut read: Reader) -> Result<Self, SettingsError> {
        let ports = (DEFAULT_PORT, DEFAULT_OPS_PORT);
        let settings = Self {
            service: ServiceSettings::read(&mut read, "orders", ports),
            upstreams: Upstreams {
                auth: read.url("upstreams.auth.url", Some("http://127.0.0.1:3001")),
                catalog: read.url("upstreams.catalog.url", Some("http://127.0.0.1:3002")),
                inventory: read.url("upstreams.inventory.url", Some("http://127.0.0.1:3003")),
                cart: read.url("upstreams.cart.url", Some("http://127.0.0.1:3004")),
            },
            pii_keys: read_pii_keys(&mut read),
            prices: if read.flag("prices_include_tax", false) {
                Prices::TaxInclusive
            } else {
                Prices::TaxExclusive
            },
            amount_max: read_amounts(&mut read),
            hold: Duration::from_secs(read.number("hold_secs", 900, 1, 86_400)),
            time_zone: read.parsed("time_zone", chrono_tz::Africa::Lagos),
            seller: read_seller(&mut read),
            sweep: read.millis("sweep_ms", Duration::from_secs(1)),
        };
        read.finish(settings)
    }
}

fn read_pii_keys(read: &mut Reader) -> Vec<u8> {
    let bytes = read.secret_file("pii.keys_file");
    if !bytes.is_empty() && Sealer::from_key_file(&bytes).is_err() {
        read.problem("pii.keys_file", "is not a key file");
    }
    bytes
}

fn read_amounts(read: &mut Reader) -> BTreeMap<&'static str, i64> {
    let mut amounts: BTreeMap<&'static str, i64> =
        AMOUNTS_MAX.into_iter().filter_map(amount_of).collect();
    for text in read.list("amount_max", &[]) {
        match amount_of(&text) {
            Some((currency, minor)) => {
                amounts.insert(currency, minor);
            }
            None => read.problem(
                "amount_max",
                "must be a list such as NGN=10000000,GHS=100000",
            ),
        }
    }
    amounts
}

fn amount_of(text: &str) -> Option<(&'static str, i64)> {
    let (currency, amount) = text.split_once('=')?;
    let currency: Currency = currency.trim().parse().ok()?;
    let amount: Amount = amount.trim().parse().ok()?;
    Some((currency.code(), amount.minor()))
}

fn read_seller(read: &mut Reader) -> Seller {
    Seller {
        name: read.text("seller.name", "Agape"),
        address: read
            .text("seller.address", "Lagos, Nigeria")
            .split('|')
            .map(|line| line.trim().to_owned())
            .collect(),
        tax_id: read.optional("seller.tax_id"),
        email: read.optional("seller.email"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_wrong_stops_the_start() {
        let pairs = [
            ("ORDERS__AMOUNT_MAX", "NGN=lots"),
            ("ORDERS__TIME_ZONE", "Lagos"),
            ("ORDERS__HOLD_SECS", "0"),
        ];
        let error = Settings::read(Reader::from_pairs("orders", pairs)).unwrap_err();
        let error = error.to_string();
        for variable in [
            "ORDERS__DATABASE__URL",
            "ORDERS__AMQP__URL",
            "ORDERS__PII__KEYS_FILE",
            "ORDERS__AMOUNT_MAX",
            "ORDERS__TIME_ZONE",
            "ORDERS__HOLD_SECS",
        ] {
            assert!(error.contains(variable), "{variable} in {error}");
        }
    }

    #[test]
    fn a_limit_of_one_currency_leaves_the_others() {
        let pairs = [("ORDERS__AMOUNT_MAX", "NGN=5000.50")];
        let mut read = Reader::from_pairs("orders", pairs);
        let amounts = read_amounts(&mut read);
        assert_eq!(amounts.get("NGN"), Some(&500_050));
        assert_eq!(amounts.get("GHS"), Some(&10_000_000));
    }
}
