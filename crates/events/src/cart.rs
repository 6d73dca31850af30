//! What the cart says.

use chrono::{DateTime, Utc};
use money::{Amount, Currency};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Event;

/// Somebody who is known filled a cart and left it for a while. Said once for each abandonment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CartAbandoned {
    /// The cart.
    pub cart_id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// How many things are in it.
    pub item_count: i64,
    /// What they cost by the prices last seen.
    pub subtotal: Amount,
    /// In which currency.
    pub currency: Currency,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Event for CartAbandoned {
    const TYPE: &'static str = "cart.abandoned";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "cart";

    fn aggregate_id(&self) -> Uuid {
        self.cart_id
    }
}
