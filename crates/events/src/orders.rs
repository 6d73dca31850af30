//! What orders says.

use chrono::{DateTime, Utc};
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

/// An order is paid for, and its goods are sold to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPaid {
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
    /// What people call it.
    pub order_number: String,
    /// The payment that is kept; none for an order that cost nothing.
    pub payment_id: Option<Uuid>,
    /// What is sold, each variant once.
    pub lines: Vec<OrderedLine>,
    /// What was paid.
    pub total: Amount,
    /// In which currency.
    pub currency: Currency,
    /// When it was settled.
    pub paid_at: DateTime<Utc>,
}

/// An order is paid for, but its goods were gone by then: all that was paid goes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderUnallocated {
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
    /// What people call it.
    pub order_number: String,
    /// The payment to be paid back.
    pub payment_id: Uuid,
    /// What was paid.
    pub total: Amount,
    /// In which currency.
    pub currency: Currency,
}

/// Nobody paid an order in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderExpired {
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
}

/// An order is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderShipped {
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
    /// Who carries it.
    pub carrier: Option<String>,
    /// How the carrier calls it.
    pub tracking_number: Option<String>,
}

/// An order has arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderDelivered {
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
}

/// All that was paid for an order was paid back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderRefunded {
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
    /// What was paid back.
    pub total: Amount,
    /// In which currency.
    pub currency: Currency,
}

/// A capture that the order has no use for must go back, all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderRefundRequested {
    /// The order.
    pub order_id: Uuid,
    /// The payment to be paid back; it is paid back at most once for this.
    pub payment_id: Uuid,
    /// Why.
    pub reason: UnwantedCapture,
}

/// An invoice or a credit note is issued, and its PDF is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvoiceIssued {
    /// The order.
    pub order_id: Uuid,
    /// Who ordered.
    pub user_id: Uuid,
    /// The document.
    pub invoice_id: Uuid,
    /// Which of the two it is.
    pub kind: DocumentKind,
    /// Its number, without gaps within its series and year.
    pub number: String,
    /// What it comes to.
    pub total: Amount,
    /// In which currency.
    pub currency: Currency,
}

/// Why an order has no use for a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnwantedCapture {
    /// The order was given up before it was paid.
    Cancelled,
    /// Another payment has settled the order.
    AlreadyPaid,
    /// The order was paid back, or never will be fulfilled.
    Closed,
}

/// Which document was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// For what is sold.
    Invoice,
    /// For what is paid back.
    CreditNote,
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

impl Event for OrderPaid {
    const TYPE: &'static str = "order.paid";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "order";

    fn aggregate_id(&self) -> Uuid {
        self.order_id
    }
}

impl Event for OrderUnallocated {
    const TYPE: &'static str = "order.unallocated";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "order";

    fn aggregate_id(&self) -> Uuid {
        self.order_id
    }
}

impl Event for OrderExpired {
    const TYPE: &'static str = "order.expired";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "order";

    fn aggregate_id(&self) -> Uuid {
        self.order_id
    }
}

impl Event for OrderShipped {
    const TYPE: &'static str = "order.shipped";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "order";

    fn aggregate_id(&self) -> Uuid {
        self.order_id
    }
}

impl Event for OrderDelivered {
    const TYPE: &'static str = "order.delivered";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "order";

    fn aggregate_id(&self) -> Uuid {
        self.order_id
    }
}

impl Event for OrderRefunded {
    const TYPE: &'static str = "order.refunded";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "order";

    fn aggregate_id(&self) -> Uuid {
        self.order_id
    }
}

impl Event for OrderRefundRequested {
    const TYPE: &'static str = "order.refund_requested";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "order";

    fn aggregate_id(&self) -> Uuid {
        self.order_id
    }
}

impl Event for InvoiceIssued {
    const TYPE: &'static str = "invoice.issued";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "invoice";

    fn aggregate_id(&self) -> Uuid {
        self.invoice_id
    }
}
