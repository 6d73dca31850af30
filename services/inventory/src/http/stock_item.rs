//! A stock item on the wire.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::store::items::ItemRow;

/// What there is of a variant.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StockItem {
    variant_id: Uuid,
    product_id: Uuid,
    #[schema(example = "LACE-ROYAL-5Y")]
    sku: String,
    /// How many there are.
    on_hand: i64,
    /// How many of them are held for orders.
    reserved: i64,
    /// How many are neither.
    available: i64,
    /// Counted with each change.
    version: i64,
    /// It is low when so many are available, or fewer.
    low_stock_threshold: i64,
    /// Whether it is low.
    is_low: bool,
    /// False once the catalogue does not sell it any more.
    is_active: bool,
    updated_at: DateTime<Utc>,
}

/// A stock item under its name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StockItemData {
    pub(crate) item: StockItem,
}

impl From<ItemRow> for StockItem {
    fn from(row: ItemRow) -> Self {
        let available = row.on_hand - row.reserved;
        Self {
            variant_id: row.variant_id,
            product_id: row.product_id,
            sku: row.sku,
            on_hand: row.on_hand,
            reserved: row.reserved,
            available,
            version: row.version,
            low_stock_threshold: row.low_stock_threshold,
            is_low: available <= row.low_stock_threshold,
            is_active: row.is_active,
            updated_at: row.updated_at,
        }
    }
}
