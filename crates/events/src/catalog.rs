//! What the catalogue says.

use money::{Amount, Currency};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Event;

/// A product is new. Its variants follow as events of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductCreated {
    /// The product.
    pub product_id: Uuid,
    /// Whether shoppers see it.
    pub is_active: bool,
    /// Its category, if it has one.
    pub category_id: Option<Uuid>,
}

/// Something about a product changed. What was changed is asked of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductUpdated {
    /// The product.
    pub product_id: Uuid,
    /// Whether shoppers see it.
    pub is_active: bool,
    /// Its category, if it has one.
    pub category_id: Option<Uuid>,
}

/// A product is gone, and its variants with it; orders that name it stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductDeleted {
    /// The product.
    pub product_id: Uuid,
}

/// A variant is new and can be stocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VariantCreated {
    /// The variant.
    pub variant_id: Uuid,
    /// Its product.
    pub product_id: Uuid,
    /// How the shop's staff calls it.
    pub sku: String,
    /// What one costs.
    pub price: Amount,
    /// In which currency.
    pub currency: Currency,
    /// Whether it can be bought.
    pub is_active: bool,
    /// How many there are to begin with.
    pub initial_stock: i64,
}

/// A variant has another SKU, price or state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VariantUpdated {
    /// The variant.
    pub variant_id: Uuid,
    /// Its product.
    pub product_id: Uuid,
    /// How the shop's staff calls it.
    pub sku: String,
    /// What one costs.
    pub price: Amount,
    /// In which currency.
    pub currency: Currency,
    /// Whether it can be bought.
    pub is_active: bool,
}

/// A variant is gone: nobody can buy it any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VariantDeleted {
    /// The variant.
    pub variant_id: Uuid,
    /// Its product.
    pub product_id: Uuid,
}

impl Event for ProductCreated {
    const TYPE: &'static str = "product.created";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "product";

    fn aggregate_id(&self) -> Uuid {
        self.product_id
    }
}

impl Event for ProductUpdated {
    const TYPE: &'static str = "product.updated";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "product";

    fn aggregate_id(&self) -> Uuid {
        self.product_id
    }
}

impl Event for ProductDeleted {
    const TYPE: &'static str = "product.deleted";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "product";

    fn aggregate_id(&self) -> Uuid {
        self.product_id
    }
}

impl Event for VariantCreated {
    const TYPE: &'static str = "variant.created";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "variant";

    fn aggregate_id(&self) -> Uuid {
        self.variant_id
    }
}

impl Event for VariantUpdated {
    const TYPE: &'static str = "variant.updated";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "variant";

    fn aggregate_id(&self) -> Uuid {
        self.variant_id
    }
}

impl Event for VariantDeleted {
    const TYPE: &'static str = "variant.deleted";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "variant";

    fn aggregate_id(&self) -> Uuid {
        self.variant_id
    }
}
