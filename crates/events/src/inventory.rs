//! What inventory says.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Event;

/// Another number of a variant can be bought.
///
/// Said at most every 500 ms for each variant, with the newest number; the envelope's
/// `aggregateversion` tells which of two is newer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StockChanged {
    /// The variant.
    pub variant_id: Uuid,
    /// How many can be bought: on hand and not reserved.
    pub available: i64,
}

/// As few of a variant are left as its threshold says, or fewer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StockLow {
    /// The variant.
    pub variant_id: Uuid,
    /// How the shop's staff calls it.
    pub sku: String,
    /// How many can be bought.
    pub available: i64,
    /// The number that it has come down to.
    pub threshold: i64,
}

/// What was held for an order is for sale again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReservationExpired {
    /// The order.
    pub order_id: Uuid,
    /// When the hold ended, by the clock of inventory's database.
    pub expires_at: DateTime<Utc>,
}

impl Event for StockChanged {
    const TYPE: &'static str = "stock.changed";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "variant";

    fn aggregate_id(&self) -> Uuid {
        self.variant_id
    }
}

impl Event for StockLow {
    const TYPE: &'static str = "stock.low";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "variant";

    fn aggregate_id(&self) -> Uuid {
        self.variant_id
    }
}

impl Event for ReservationExpired {
    const TYPE: &'static str = "reservation.expired";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "order";

    fn aggregate_id(&self) -> Uuid {
        self.order_id
    }
}
