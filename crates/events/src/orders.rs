//! What orders says.

use money::{Amount, Currency};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Event;

/// Somebody ordered; nothing is paid yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderCreated {
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
    /// What, each variant once.
    pub lines: Vec<OrderedLine>,
    /// What is due.
    pub total: Amount,
    /// In which currency.
    pub currency: Currency,
}

/// So many of one variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderedLine {
    /// The variant.
    pub variant_id: Uuid,
    /// How many.
    pub quantity: i64,
}

/// An order that was not paid is given up by its buyer or by the shop's staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderCancelled {
    /// The order.
    pub order_id: Uuid,
    /// Who had ordered.
    pub user_id: Uuid,
}

/// Sold goods of an order go back on the shelf, because they were paid back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RestockRequested {
    /// The order.
    pub order_id: Uuid,
    /// The refund it belongs to; each refund restocks once.
    pub refund_id: Uuid,
    /// What goes back, each variant once.
    pub lines: Vec<OrderedLine>,
}

impl Event for OrderCreated {
    const TYPE: &'static str = "order.created";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "order";

    fn aggregate_id(&self) -> Uuid {
        self.order_id
    }
}

impl Event for OrderCancelled {
    const TYPE: &'static str = "order.cancelled";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "order";

    fn aggregate_id(&self) -> Uuid {
        self.order_id
    }
}

impl Event for RestockRequested {
    const TYPE: &'static str = "order.restock_requested";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "order";

    fn aggregate_id(&self) -> Uuid {
        self.order_id
    }
}
