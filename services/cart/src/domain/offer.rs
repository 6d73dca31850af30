//! What the catalogue says of a variant.

use money::Money;

use super::ids::{ProductId, VariantId};

/// A variant as it can be bought now, or as it was last known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// The variant.
    pub(crate) variant_id: VariantId,
    /// Its product.
    pub(crate) product_id: ProductId,
    /// How the shop's staff calls it.
    pub(crate) sku: String,
    /// What shoppers read.
    pub(crate) title: String,
    /// What tells it from the product's other variants, such as a colour.
    pub(crate) name: Option<String>,
    /// A small picture.
    pub(crate) thumbnail: Option<String>,
    /// What one costs.
    pub(crate) price: Money,
    /// Whether it can be bought at all.
    pub(crate) is_active: bool,
    /// How many there are, for display: only inventory promises any.
    pub(crate) available: i64,
    /// How many variants its product has.
    pub(crate) variant_count: i64,
}

impl Offer {
    /// How many can be put in a cart.
    pub(crate) fn buyable(&self) -> i64 {
        if self.is_active {
            self.available.max(0)
        } else {
            0
        }
    }
}
