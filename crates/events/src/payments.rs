//! What payments says.

use chrono::{DateTime, Utc};
use money::{Amount, Currency};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Event;

/// Somebody is about to pay; nothing is paid yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentInitialized {
    /// The payment.
    pub payment_id: Uuid,
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
    /// Our name for it at the vendor.
    pub reference: String,
    /// What is due.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
}

/// Somebody has begun to pay in a way that takes time, such as a bank transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentPending {
    /// The payment.
    pub payment_id: Uuid,
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
    /// How, in the vendor's word: `bank_transfer`, `ussd`, `mobile_money`.
    pub channel: Option<String>,
}

/// What was due is paid, as the vendor itself has confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentSucceeded {
    /// The payment.
    pub payment_id: Uuid,
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
    /// Our name for it at the vendor.
    pub reference: String,
    /// What was paid.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// How, in the vendor's word.
    pub channel: Option<String>,
    /// When, by the vendor's clock.
    pub paid_at: DateTime<Utc>,
}

/// An attempt to pay has come to nothing. A success may still follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentFailed {
    /// The payment.
    pub payment_id: Uuid,
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
    /// How it ended.
    pub outcome: FailedOutcome,
}

/// Another amount or currency than the one due was paid. No order is settled by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentMismatched {
    /// The payment.
    pub payment_id: Uuid,
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
    /// What was due.
    pub expected_amount: Amount,
    /// In which currency.
    pub expected_currency: Currency,
    /// What was paid, in hundredths of the currency.
    pub paid_minor: i64,
    /// The currency as the vendor names it.
    pub paid_currency: String,
}

/// A refund is decided; the vendor is asked next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefundRequested {
    /// The refund.
    pub refund_id: Uuid,
    /// The payment.
    pub payment_id: Uuid,
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
    /// How much goes back.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// Why.
    pub reason: String,
}

/// A refund has reached the buyer, says the vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefundProcessed {
    /// The refund.
    pub refund_id: Uuid,
    /// The payment.
    pub payment_id: Uuid,
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
    /// How much goes back.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// Which sold lines go back on the shelf; none: all, if this completes the total before the order is shipped.
    pub restock: Option<Vec<RestockedLine>>,
}

/// A refund has come to nothing; the money is still the shop's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefundFailed {
    /// The refund.
    pub refund_id: Uuid,
    /// The payment.
    pub payment_id: Uuid,
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
    /// How much goes back.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
}

/// A refund waits for somebody: the vendor needs the buyer's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefundNeedsAttention {
    /// The refund.
    pub refund_id: Uuid,
    /// The payment.
    pub payment_id: Uuid,
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
    /// How much goes back.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
}

/// So many of one line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RestockedLine {
    /// The line.
    pub line_id: Uuid,
    /// How many.
    pub quantity: i64,
}

/// How an attempt to pay ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailedOutcome {
    /// The vendor declined it.
    Failed,
    /// The buyer left it.
    Abandoned,
}

impl Event for PaymentInitialized {
    const TYPE: &'static str = "payment.initialized";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "payment";

    fn aggregate_id(&self) -> Uuid {
        self.payment_id
    }
}

impl Event for PaymentPending {
    const TYPE: &'static str = "payment.pending";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "payment";

    fn aggregate_id(&self) -> Uuid {
        self.payment_id
    }
}

impl Event for PaymentSucceeded {
    const TYPE: &'static str = "payment.succeeded";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "payment";

    fn aggregate_id(&self) -> Uuid {
        self.payment_id
    }
}

impl Event for PaymentFailed {
    const TYPE: &'static str = "payment.failed";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "payment";

    fn aggregate_id(&self) -> Uuid {
        self.payment_id
    }
}

impl Event for PaymentMismatched {
    const TYPE: &'static str = "payment.mismatched";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "payment";

    fn aggregate_id(&self) -> Uuid {
        self.payment_id
    }
}

impl Event for RefundRequested {
    const TYPE: &'static str = "refund.requested";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "refund";

    fn aggregate_id(&self) -> Uuid {
        self.refund_id
    }
}

impl Event for RefundProcessed {
    const TYPE: &'static str = "refund.processed";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "refund";

    fn aggregate_id(&self) -> Uuid {
        self.refund_id
    }
}

impl Event for RefundFailed {
    const TYPE: &'static str = "refund.failed";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "refund";

    fn aggregate_id(&self) -> Uuid {
        self.refund_id
    }
}

impl Event for RefundNeedsAttention {
    const TYPE: &'static str = "refund.needs_attention";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "refund";

    fn aggregate_id(&self) -> Uuid {
        self.refund_id
    }
}
