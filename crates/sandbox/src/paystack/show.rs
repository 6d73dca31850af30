//! Transactions as the vendor shows them: verified, in lists, in webhooks and inside of disputes.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::card::Card;
use super::codes::{code, hash};
use super::key::Domain;
use super::metadata;
use super::transaction::{Channel, Transaction};

/// A time as the vendor writes it: `2024-08-22T09:15:02.000Z`.
#[derive(Debug, Clone, Copy)]
pub struct Iso(pub DateTime<Utc>);

impl Serialize for Iso {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// `{}`.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Empty {}

/// What is told or shown instead of the truth.
#[derive(Debug, Clone, Default)]
pub struct Tamper {
    /// Added to the amount.
    pub amount_delta: i64,
    /// In place of the currency.
    pub currency: Option<String>,
    /// In place of the metadata.
    pub metadata: Option<Value>,
}

/// A transaction as `GET /transaction/verify/:reference` shows it.
#[derive(Debug, Serialize)]
pub struct Verified<'a> {
    #[serde(flatten)]
    common: Common<'a>,
    plan: (),
    source: (),
    transaction_date: Iso,
    plan_object: Empty,
}

/// A transaction as it is shown everywhere else.
#[derive(Debug, Serialize)]
pub struct Row<'a> {
    #[serde(flatten)]
    common: Common<'a>,
    plan: Empty,
    source: Source,
}

#[derive(Debug, Serialize)]
struct Source {
    source: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    identifier: (),
    entry_point: &'static str,
}

#[derive(Debug, Serialize)]
struct Common<'a> {
    id: u64,
    domain: Domain,
    status: &'static str,
    reference: &'a str,
    receipt_number: (),
    amount: i64,
    message: (),
    gateway_response: &'static str,
    paid_at: Option<Iso>,
    created_at: Iso,
    channel: Channel,
    currency: &'a str,
    ip_address: Option<&'a str>,
    metadata: Metadata<'a>,
    log: Option<Log>,
    fees: Option<i64>,
    fees_split: (),
    authorization: Authorization,
    customer: Customer<'a>,
    split: Empty,
    order_id: (),
    #[serde(rename = "paidAt")]
    paid_at_too: Option<Iso>,
    #[serde(rename = "createdAt")]
    created_at_too: Iso,
    requested_amount: i64,
    pos_transaction_data: (),
    fees_breakdown: (),
    connect: (),
    subaccount: Empty,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Metadata<'a> {
    Sent(&'a RawValue),
    Replaced(Box<RawValue>),
    /// The vendor shows an empty text where nothing was sent.
    None(&'static str),
}

/// The customer's tries to pay.
#[derive(Debug, Serialize)]
struct Log {
    start_time: i64,
    time_spent: i64,
    attempts: u32,
    errors: u32,
    success: bool,
    mobile: bool,
    input: [(); 0],
    history: Vec<Step>,
}

#[derive(Debug, Serialize)]
struct Step {
    #[serde(rename = "type")]
    kind: &'static str,
    message: String,
    time: i64,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Authorization {
    None(Empty),
    Card(Box<CardAuthorization>),
    Other(Box<OtherAuthorization>),
}

#[derive(Debug, Serialize)]
struct CardAuthorization {
    authorization_code: String,
    bin: &'static str,
    last4: &'static str,
    exp_month: &'static str,
    exp_year: &'static str,
    channel: &'static str,
    card_type: &'static str,
    bank: &'static str,
    country_code: &'static str,
    brand: &'static str,
    reusable: bool,
    signature: String,
    account_name: (),
}

#[derive(Debug, Serialize)]
struct OtherAuthorization {
    authorization_code: String,
    bin: &'static str,
    last4: &'static str,
    exp_month: &'static str,
    exp_year: &'static str,
    channel: Channel,
    card_type: &'static str,
    bank: &'static str,
    country_code: &'static str,
    brand: &'static str,
    reusable: bool,
    signature: (),
    account_name: (),
}

/// A customer, who is whoever has the mail address.
#[derive(Debug, Serialize)]
pub struct Customer<'a> {
    id: u64,
    first_name: (),
    last_name: (),
    email: &'a str,
    customer_code: String,
    phone: (),
    metadata: (),
    risk_action: &'static str,
    international_format_phone: (),
}

impl<'a> Customer<'a> {
    /// The customer with this address.
    #[must_use]
    pub fn of(email: &'a str) -> Self {
        let hash = hash(email);
        Self {
            // As many digits as the vendor's numbers of customers have.
            id: hash % 1_000_000_000,
            first_name: (),
            last_name: (),
            email,
            customer_code: format!("CUS_{}", code(hash)),
            phone: (),
            metadata: (),
            risk_action: "default",
            international_format_phone: (),
        }
    }
}

impl<'a> Verified<'a> {
    /// A transaction, verified.
    #[must_use]
    pub fn of(transaction: &'a Transaction, domain: Domain, tamper: &'a Tamper) -> Self {
        Self {
            common: Common::of(transaction, domain, tamper),
            plan: (),
            source: (),
            transaction_date: Iso(transaction.created_at),
            plan_object: Empty {},
        }
    }
}

impl<'a> Row<'a> {
    /// A transaction, in a list or in a webhook.
    #[must_use]
    pub fn of(transaction: &'a Transaction, domain: Domain, tamper: &'a Tamper) -> Self {
        Self {
            common: Common::of(transaction, domain, tamper),
            plan: Empty {},
            source: Source {
                source: "merchant_api",
                kind: "api",
                identifier: (),
                entry_point: "transaction_initialize",
            },
        }
    }
}

impl<'a> Common<'a> {
    fn of(transaction: &'a Transaction, domain: Domain, tamper: &'a Tamper) -> Self {
        let paid_at = transaction.paid_at.map(Iso);
        let created_at = Iso(transaction.created_at);
        let currency = tamper.currency.as_deref();
        Self {
            id: transaction.id,
            domain,
            status: transaction.status.name(),
            reference: &transaction.reference,
            receipt_number: (),
            amount: transaction.amount.saturating_add(tamper.amount_delta),
            message: (),
            gateway_response: transaction.gateway_response,
            paid_at,
            created_at,
            channel: transaction.channel,
            currency: currency.unwrap_or(transaction.currency.code()),
            ip_address: transaction.ip_address.as_deref(),
            metadata: Metadata::of(transaction, tamper),
            log: Log::of(transaction),
            fees: transaction.fees,
            fees_split: (),
            authorization: Authorization::of(transaction),
            customer: Customer::of(&transaction.ask.email),
            split: Empty {},
            order_id: (),
            paid_at_too: paid_at,
            created_at_too: created_at,
            requested_amount: transaction.ask.amount,
            pos_transaction_data: (),
            fees_breakdown: (),
            connect: (),
            subaccount: Empty {},
        }
    }
}

impl<'a> Metadata<'a> {
    fn of(transaction: &'a Transaction, tamper: &Tamper) -> Self {
        let replaced = tamper.metadata.as_ref().and_then(metadata::replaced);
        let sent = transaction.ask.metadata.as_deref();
        match (replaced, sent) {
            (Some(other), _) => Self::Replaced(other),
            (None, Some(sent)) => Self::Sent(sent),
            (None, None) => Self::None(""),
        }
    }
}

impl Log {
    fn of(transaction: &Transaction) -> Option<Self> {
        let tries = transaction.tries;
        let (began_at, ended_at) = (tries.began_at?, tries.ended_at?);
        let time_spent = (ended_at - began_at).num_seconds();
        let is_paid = transaction.status.is_paid();
        let channel = transaction.channel.name().replace('_', " ");
        let step = |kind, message| Step {
            kind,
            message,
            time: time_spent,
        };
        let mut history = vec![step("action", format!("Attempted to pay with {channel}"))];
        if is_paid {
            history.push(step("success", format!("Successfully paid with {channel}")));
        } else if tries.failed > 0 {
            let message = format!("Error: {}", transaction.gateway_response);
            history.push(step("error", message));
        }
        Some(Self {
            start_time: began_at.timestamp(),
            time_spent,
            attempts: tries.count,
            errors: tries.failed,
            success: is_paid,
            mobile: false,
            input: [],
            history,
        })
    }
}

impl Authorization {
    fn of(transaction: &Transaction) -> Self {
        if !transaction.status.is_paid() {
            return Self::None(Empty {});
        }
        let authorization_code = format!("AUTH_{}", code(hash(&transaction.id)));
        match transaction.card {
            Some(card) => Self::Card(Box::new(CardAuthorization::of(card, authorization_code))),
            None => Self::Other(Box::new(OtherAuthorization {
                authorization_code,
                bin: "000000",
                last4: "0000",
                exp_month: "12",
                exp_year: "9999",
                channel: transaction.channel,
                card_type: "",
                bank: "TEST BANK",
                country_code: "NG",
                brand: "",
                reusable: false,
                signature: (),
                account_name: (),
            })),
        }
    }
}

impl CardAuthorization {
    fn of(card: &Card, authorization_code: String) -> Self {
        Self {
            authorization_code,
            bin: card.bin(),
            last4: card.last4(),
            exp_month: "12",
            exp_year: "2030",
            channel: "card",
            card_type: card.card_type,
            bank: "TEST BANK",
            country_code: "NG",
            brand: card.brand,
            reusable: card.pin.is_none(),
            signature: format!("SIG_{}", code(hash(card.number))),
            account_name: (),
        }
    }
}
