//! What payments says of disputes: a buyer's bank wants money back.

use chrono::{DateTime, Utc};
use money::{Amount, Currency};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Event;

/// A buyer's bank wants money back, and the shop may answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DisputeOpened {
    /// The dispute.
    pub dispute_id: Uuid,
    /// The payment.
    pub payment_id: Uuid,
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
    /// What is wanted back.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// In the vendor's word: `chargeback`, `fraud`, `general`.
    pub category: Option<String>,
    /// Until when the shop may answer; after that the money is gone.
    pub due_at: DateTime<Utc>,
}

/// A dispute waits for the shop's answer, and there is not much time left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DisputeReminded {
    /// The dispute.
    pub dispute_id: Uuid,
    /// The payment.
    pub payment_id: Uuid,
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
    /// What is wanted back.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// Until when the shop may answer; after that the money is gone.
    pub due_at: DateTime<Utc>,
}

/// A dispute has ended. Banks may think twice: the newest of these about a dispute is the one that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DisputeResolved {
    /// The dispute.
    pub dispute_id: Uuid,
    /// The payment.
    pub payment_id: Uuid,
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
    /// What was wanted back.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// How it ended.
    pub outcome: DisputeOutcome,
    /// What of the payment is with the buyer by now because of it.
    pub taken: Amount,
}

/// How a dispute ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisputeOutcome {
    /// The shop keeps the money.
    Won,
    /// The bank took it.
    Lost,
    /// The shop gave it back.
    Accepted,
    /// The shop did not answer in time.
    AutoAccepted,
}

impl Event for DisputeOpened {
    const TYPE: &'static str = "dispute.opened";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "dispute";

    fn aggregate_id(&self) -> Uuid {
        self.dispute_id
    }
}

impl Event for DisputeReminded {
    const TYPE: &'static str = "dispute.reminded";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "dispute";

    fn aggregate_id(&self) -> Uuid {
        self.dispute_id
    }
}

impl Event for DisputeResolved {
    const TYPE: &'static str = "dispute.resolved";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "dispute";

    fn aggregate_id(&self) -> Uuid {
        self.dispute_id
    }
}
