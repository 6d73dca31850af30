//! What is wanted, on the wire: items, or the cart.

use common::ApiError;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::pricing::{Want, Wants};
use crate::domain::ids::{ProductId, VariantId};

/// Items of one request, before those of the same thing are merged: what one question to the catalogue may name.
const ITEMS_MAX: usize = 200;

/// So many of something.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WantedItem {
    #[garde(skip)]
    product_id: Uuid,
    /// May be left out when the product has one variant.
    #[garde(skip)]
    #[serde(default)]
    variant_id: Option<Uuid>,
    #[garde(range(min = 1, max = 1_000))]
    #[schema(minimum = 1, maximum = 1_000)]
    quantity: u32,
}

/// Which of the two it is.
pub(super) fn wants(
    items: Option<Vec<WantedItem>>,
    from_cart: Option<bool>,
) -> Result<Wants, ApiError> {
    match (items, from_cart.unwrap_or(false)) {
        (Some(_), true) => Err(ApiError::invalid("items", "cannot come with fromCart")),
        (None, false) => Err(ApiError::invalid(
            "items",
            "is required, unless fromCart is true",
        )),
        (None, true) => Ok(Wants::Cart),
        (Some(items), false) if items.len() > ITEMS_MAX => Err(ApiError::invalid(
            "items",
            format!("must be at most {ITEMS_MAX}, before lines of the same thing are merged"),
        )),
        (Some(items), false) => Ok(Wants::Items(items.iter().map(want).collect())),
    }
}

fn want(item: &WantedItem) -> Want {
    Want {
        product: ProductId(item.product_id),
        variant: item.variant_id.map(VariantId),
        quantity: item.quantity,
    }
}

/// A coupon's code as somebody types it.
pub(super) fn coupon(code: Option<String>) -> Option<String> {
    let code = code?.trim().to_ascii_uppercase();
    (!code.is_empty()).then_some(code)
}
